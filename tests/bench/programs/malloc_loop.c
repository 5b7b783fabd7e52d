/* The same call site again and again: malloc and free in a loop, at a given call depth, in a given
 * number of threads.
 *
 * usage: malloc_loop DEPTH THREADS PAIRS     pairs of malloc and free in all threads together
 *
 * With several threads the wall time of a pair is that of the whole run divided by all pairs. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/bench/programs/call_path.h"
#include "tests/bench/programs/live_blocks.h"
#include "tests/bench/programs/stopwatch.h"

enum { kDeepest = 1000, kMostThreads = 64 };

struct loop {
  struct live_blocks live;
  long pairs;
};

static struct call g_path[kDeepest];
static long g_pairs_per_thread;
static pthread_barrier_t g_start, g_end;

BENCH_REAL_FRAME static void loop_leaf(const struct call* rest, void* argument) {
  (void)rest;
  struct loop* loop = argument;
  for (long i = 0; i < loop->pairs; ++i) replace_oldest(&loop->live);
}

/* Always inline, so that the links stand directly on main or on the thread's function. */
__attribute__((always_inline)) static inline void run_loop(struct loop* loop, long pairs) {
  loop->pairs = pairs;
  walk_call_path(g_path, loop);
}

/* A short run first, so that no page is touched and no table is built in the measured part. */
static long warm_up_pairs(void) {
  return g_pairs_per_thread / 20 + kLiveBlocks;
}

static void* thread_main(void* unused) {
  (void)unused;
  struct loop loop = {0};
  run_loop(&loop, warm_up_pairs());
  pthread_barrier_wait(&g_start);
  run_loop(&loop, g_pairs_per_thread);
  pthread_barrier_wait(&g_end);
  free_live_blocks(&loop.live);
  return NULL;
}

static void measure_threads(int threads) {
  pthread_t ids[kMostThreads];
  pthread_barrier_init(&g_start, NULL, (unsigned)threads + 1);
  pthread_barrier_init(&g_end, NULL, (unsigned)threads + 1);
  for (int i = 0; i < threads; ++i) {
    if (pthread_create(&ids[i], NULL, thread_main, NULL) != 0) exit(3);
  }
  pthread_barrier_wait(&g_start);
  const struct stopwatch watch = start_stopwatch();
  pthread_barrier_wait(&g_end);
  report_stopwatch(&watch, g_pairs_per_thread * threads);
  for (int i = 0; i < threads; ++i) pthread_join(ids[i], NULL);
}

int main(int argc, char** argv) {
  const int depth = (int)number_argument(argc, argv, 1, 3, kDeepest);
  const int threads = (int)number_argument(argc, argv, 2, 1, kMostThreads);
  g_pairs_per_thread = number_argument(argc, argv, 3, threads, 1L << 40) / threads;
  make_call_path(g_path, depth - 2, loop_leaf);
  if (threads > 1) {
    measure_threads(threads);
    return 0;
  }
  struct loop loop = {0};
  run_loop(&loop, warm_up_pairs());
  const struct stopwatch watch = start_stopwatch();
  run_loop(&loop, g_pairs_per_thread);
  report_stopwatch(&watch, g_pairs_per_thread);
  free_live_blocks(&loop.live);
  return 0;
}
