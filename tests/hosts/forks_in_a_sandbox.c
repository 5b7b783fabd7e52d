/* Installs a seccomp filter that kills for whatever a program that forks and allocates does not
 * need itself, then forks: the child, too, must be left alone. `announced` only gives up
 * privileges, as a program does long before its filter, or without ever installing one. */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"
#include "tests/hosts/seccomp_rules.h"

static struct sock_filter rules[] = {
    LOOK_AT_NUMBER,   ALLOW(SYS_write),           ALLOW(SYS_exit_group), ALLOW(SYS_brk),
    ALLOW(SYS_mmap),  ALLOW(SYS_munmap),          ALLOW(SYS_madvise),    ALLOW(SYS_futex),
    ALLOW(SYS_clone), ALLOW(SYS_set_robust_list), ALLOW(SYS_wait4),      KILL_FOR_OTHERS};

HOST_NOINLINE static int forks(int depth) {
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    for (int i = 0; i < 1000; ++i) free(keep(malloc(100)));
    keep(malloc(300));
    _exit(depth == 0 ? 7 : forks(depth - 1) + 1);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  require(WIFEXITED(status), "the child ended by itself");
  return WEXITSTATUS(status);
}

int main(int argc, char** words) {
  const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
  keep(malloc(100));
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  if (argc > 1 && strcmp(words[1], "announced") != 0) {
    require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "the filter");
  }
  require(forks(0) == 7, "status of a child");
  require(forks(2) == 9, "status of a grandchild's grandchild");
  keep(malloc(200));
  say("done\n");
  tell_truth("allocations=%d frees=%d live_bytes=%d\n", 2, 0, 300);
  return 0;
}
