// Loses a block of 1500 bytes for each line of its input and one at the start, holds one of 700,
// and says "ready" after each. With an argument in a sandbox, where a clone would be its end.
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "tests/hosts/host.h"
#include "tests/hosts/seccomp_rules.h"

void* g_held;

static struct sock_filter rules[] = {LOOK_AT_NUMBER,        ALLOW(SYS_write),    ALLOW(SYS_read),
                                     ALLOW(SYS_exit_group), ALLOW(SYS_brk),      ALLOW(SYS_mmap),
                                     ALLOW(SYS_munmap),     ALLOW(SYS_mremap),   ALLOW(SYS_madvise),
                                     ALLOW(SYS_futex),      ALLOW(SYS_mprotect), KILL_FOR_OTHERS};

HOST_NOINLINE static void lose(void) {
  memset(keep(malloc(1500)), 0, 1500);
}

HOST_NOINLINE static void scrub(void) {
  char remains[4096];
  memset(remains, 0, sizeof remains);
  keep(remains);
}

int main(int argc, char** argv) {
  (void)argv;
  g_held = malloc(700);
  require(g_held != NULL, "malloc");
  if (argc > 1) {
    const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
    require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "the filter");
  }
  char byte = 0;
  do {
    lose();
    scrub();
    say("ready\n");
  } while (read(0, &byte, 1) == 1);
  return 0;
}
