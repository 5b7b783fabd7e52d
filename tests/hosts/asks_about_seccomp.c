/* Asks what of seccomp the kernel can do, as libseccomp does when it is loaded: calls that install
 * nothing. Then it allocates on with a deep stack, and loses two blocks. */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void at_depth(int depth) {
  char frame[4096];
  frame[0] = (char)depth;
  __asm__ volatile("" : : "r"(frame) : "memory");
  if (depth == 0)
    keep(malloc(64));
  else
    at_depth(depth - 1);
  __asm__ volatile("");
}

int main(void) {
  unsigned action = SECCOMP_RET_LOG;
  require(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) != 0, "strict, with a flag");
  require(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL) != 0,
          "no filter");
  require(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0, "an action");
  require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0, "no filter, by prctl");
  require(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0, "nothing was installed");
  at_depth(200);
  void* volatile lost = malloc(77);
  lost = NULL;
  require(lost == NULL, "it is lost");
  say("done\n");
  return 0;
}
