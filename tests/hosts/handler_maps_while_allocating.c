/* A timer interrupts an allocating loop, often inside the tracer, and its handler maps and unmaps a
 * page, which is safe there. How often it ran is told by the size of one last block. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "tests/hosts/host.h"

enum { kBlocks = 400000 };

static volatile sig_atomic_t handled;

static void on_timer(int number) {
  (void)number;
  void* const page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(page != MAP_FAILED && munmap(page, 4096) == 0, "a page in the handler");
  ++handled;
}

HOST_NOINLINE static void report_count(void) {
  keep(malloc(1000000 + (size_t)handled));
}

int main(void) {
  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
  require(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
  const struct itimerval every = {{0, 300}, {0, 300}};
  const struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &every, NULL);
  for (int i = 0; i < kBlocks || handled < 10; ++i) free(keep(malloc(48)));
  setitimer(ITIMER_REAL, &never, NULL);
  report_count();
  say("done\n");
  return 0;
}
