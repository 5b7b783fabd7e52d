/* A vfork child borrows its parent's memory: what it allocates, and frees, is the parent's. It may
 * not do so by the book; shells and runtimes do all the same. */
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

int main(void) {
  static void* volatile from_parent;
  for (volatile int i = 0; i < 20; ++i) {
    from_parent = keep(malloc(500));
    const pid_t child = vfork();
    if (child == 0) {
      free(from_parent);
      keep(malloc(30));
      free(keep(malloc(40)));
      _exit(i);
    }
    int status = 0;
    require(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == i, "the child");
    keep(malloc(20));
  }
  say("done\n");
  return 0;
}
