/* fork without exec: the child starts at zero, its frees of inherited blocks are told apart, and
 * the parent's numbers do not change by what the child does. */
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void child_allocates(void) {
  keep(malloc(400));
  keep(malloc(500));
}

int main(void) {
  void* const first = keep(malloc(100));
  void* const second = keep(malloc(200));
  keep(malloc(300));
  const pid_t child = fork();
  if (child == 0) {
    free(first);
    child_allocates();
    _exit(7);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  free(second);
  say("status %d\n", WEXITSTATUS(status));
  return 0;
}
