/* Blocks change hands: one thread allocates and puts each block into a queue, another takes and
 * frees it. So every block is allocated in one thread's ring and freed in another's.
 *
 * usage: handover_queue BLOCKS */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/bench/programs/real_frame.h"
#include "tests/bench/programs/stopwatch.h"

enum { kCapacity = 1024 };

/* Positions count blocks since the start. Each has one writer; release after the block is in its
 * slot (or out of it), acquire before the slot is looked at (or written again). */
static void* g_slots[kCapacity];
static _Alignas(64) atomic_long g_put;
static _Alignas(64) atomic_long g_taken;

BENCH_REAL_FRAME static void produce(long from, long to) {
  for (long i = from; i < to; ++i) {
    void* block = malloc(16 + (size_t)(i % 8) * 16);
    while (i - atomic_load_explicit(&g_taken, memory_order_acquire) == kCapacity) sched_yield();
    g_slots[i % kCapacity] = block;
    atomic_store_explicit(&g_put, i + 1, memory_order_release);
  }
}

BENCH_REAL_FRAME static void* consume(void* blocks) {
  const long count = *(long*)blocks;
  for (long i = 0; i < count; ++i) {
    while (atomic_load_explicit(&g_put, memory_order_acquire) == i) sched_yield();
    free(g_slots[i % kCapacity]);
    atomic_store_explicit(&g_taken, i + 1, memory_order_release);
  }
  return NULL;
}

int main(int argc, char** argv) {
  const long measured = number_argument(argc, argv, 1, 1, 1L << 40);
  const long warm_up = measured / 20 + kCapacity;
  long all = warm_up + measured;
  pthread_t consumer;
  if (pthread_create(&consumer, NULL, consume, &all) != 0) return 3;
  produce(0, warm_up);
  const struct stopwatch watch = start_stopwatch();
  produce(warm_up, all);
  pthread_join(consumer, NULL);
  report_stopwatch(&watch, measured);
  return 0;
}
