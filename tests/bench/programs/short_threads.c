/* Threads that hardly live: each allocates two blocks, frees them and ends, one after another. What
 * a tracer does for a new thread is paid once per two allocations.
 *
 * usage: short_threads THREADS     the time reported is that of one thread, start to end */
#include <pthread.h>
#include <stdlib.h>

#include "tests/bench/programs/real_frame.h"
#include "tests/bench/programs/stopwatch.h"

BENCH_REAL_FRAME static void* live_shortly(void* unused) {
  (void)unused;
  void* volatile first = malloc(100);
  void* volatile second = malloc(1000);
  free(first);
  free(second);
  return NULL;
}

static void run_threads(long count) {
  for (long i = 0; i < count; ++i) {
    pthread_t id;
    if (pthread_create(&id, NULL, live_shortly, NULL) != 0) exit(3);
    pthread_join(id, NULL);
  }
}

int main(int argc, char** argv) {
  const long threads = number_argument(argc, argv, 1, 1, 1L << 40);
  run_threads(threads / 20 + 1);
  const struct stopwatch watch = start_stopwatch();
  run_threads(threads);
  report_stopwatch(&watch, threads);
  return 0;
}
