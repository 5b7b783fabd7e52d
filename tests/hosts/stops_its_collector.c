/* Stops the process that started it (the collector), allocates and frees a million blocks, and lets
 * that process go on. Nobody empties the ring meanwhile, and it must not matter. usage: … [waits]
 *   waits    also says how often it gave the processor away by itself meanwhile: slept, or waited
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/hosts/host.h"

static long waits_so_far(void) {
  struct rusage used;
  require(getrusage(RUSAGE_THREAD, &used) == 0, "getrusage");
  return used.ru_nvcsw;
}

int main(int argc, char** argv) {
  (void)argv;
  require(kill(getppid(), SIGSTOP) == 0, "the parent can be stopped");
  const long before = waits_so_far();
  for (int i = 0; i < 1000000; ++i) free(keep(malloc((size_t)(i % 512))));
  const long waits = waits_so_far() - before;
  require(kill(getppid(), SIGCONT) == 0, "the parent goes on");
  if (argc > 1) say("waits=%ld\n", waits);
  say("done\n");
  return 0;
}
