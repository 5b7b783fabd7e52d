/* The strictest sandbox there is: read, write, exit of the thread and return from a handler; any
 * other system call is the end. The program allocates on from what its heap has already. */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/hosts/host.h"

enum { kBlocks = 20000 };

static void* blocks[100];

int main(void) {
  free(keep(malloc(100000))); /* so that the heap has room, below what is given back */
  require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0, "strict mode");
  for (int i = 0; i < kBlocks; ++i) {
    free(blocks[i % 100]);
    blocks[i % 100] = keep(malloc(64));
  }
  say("done\n");
  tell_truth("allocations=%d frees=%d live_bytes=%d\n", kBlocks + 1, kBlocks - 100 + 1, 64 * 100);
  syscall(SYS_exit, 3);
  return 0;
}
