/* Installs a seccomp filter that kills the process for any system call but those an allocating
 * program needs anyway, then allocates on: the tracer may need no other. With an argument it goes
 * around libc's prctl, by syscall(). usage: sandboxes_itself [syscall] */
#include <stdlib.h>
#include <sys/prctl.h>

#include "tests/hosts/host.h"
#include "tests/hosts/seccomp_rules.h"

static struct sock_filter rules[] = {
    LOOK_AT_NUMBER,         ALLOW(SYS_write),  ALLOW(SYS_exit_group), ALLOW(SYS_brk),
    ALLOW(SYS_mmap),        ALLOW(SYS_munmap), ALLOW(SYS_mremap),     ALLOW(SYS_madvise),
    ALLOW(SYS_mprotect),    ALLOW(SYS_futex),  ALLOW(SYS_nanosleep),  ALLOW(SYS_clock_nanosleep),
    ALLOW(SYS_sched_yield), KILL_FOR_OTHERS};

HOST_NOINLINE static void at_depth(int depth) {
  if (depth == 0)
    free(keep(malloc(64)));
  else
    at_depth(depth - 1);
  __asm__ volatile("");
}

int main(int argc, char** argv) {
  (void)argv;
  const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
  keep(malloc(100));
  if (argc > 1) {
    require(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
    require(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "the filter");
  } else {
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
    require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "the filter");
  }
  for (int i = 0; i < 100000; ++i) at_depth(i % 40);
  for (int i = 0; i < 1000; ++i) keep(malloc(3000));
  say("done\n");
  tell_truth("allocations=%d frees=%d live_bytes=%d\n", 101001, 100000, 100 + 3000000);
  return 0;
}
