/* The reverse: the program maps and unmaps, never inside malloc, so its timer's handler may
 * allocate, also while it interrupts the tracer. Every one of those blocks must be counted; how
 * many there are is told by the size of one last block. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "tests/hosts/host.h"

enum { kRounds = 30000 };

static volatile sig_atomic_t handled;

static void on_timer(int number) {
  (void)number;
  keep(malloc(56));
  free(keep(malloc(24)));
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
  keep(malloc(1)); /* the allocator is ready before the first signal */
  setitimer(ITIMER_REAL, &every, NULL);
  for (int i = 0; i < kRounds || handled < 10; ++i) {
    void* const page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(page != MAP_FAILED && munmap(page, 8192) == 0, "a page");
  }
  setitimer(ITIMER_REAL, &never, NULL);
  report_count();
  say("done\n");
  return 0;
}
