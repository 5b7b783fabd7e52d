/* Stops the process that started it (the collector), allocates and frees a million blocks, and lets
 * that process go on. Nobody empties the ring meanwhile, and it must not matter. */
#include <signal.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(void) {
  require(kill(getppid(), SIGSTOP) == 0, "the parent can be stopped");
  for (int i = 0; i < 1000000; ++i) free(keep(malloc((size_t)(i % 512))));
  require(kill(getppid(), SIGCONT) == 0, "the parent goes on");
  say("done\n");
  return 0;
}
