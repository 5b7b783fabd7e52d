/* SIGKILL while another thread is inside realloc, which has taken its place in the order of events
 * and will never tell what became of it. All that the main thread did since waits for that, and has
 * to be counted all the same once the program is dead. Blocks of one shard are found by the
 * protocol's own formula (shared/segment_layout.h). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

#define BLOCKS 20000

extern atomic_int slow_realloc_entered;

static unsigned shard_of(const void* block) {
  return (unsigned)((((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15ULL) >> (64 - 12));
}

static void* enters_realloc(void* block) {
  return realloc(block, 4711);
}

int main(void) {
  static void* blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; ++i) require((blocks[i] = keep(malloc(24))) != NULL, "malloc");
  int same = 1;
  while (same < BLOCKS && shard_of(blocks[same]) != shard_of(blocks[0])) ++same;
  require(same < BLOCKS, "two blocks of one shard");
  pthread_t thread;
  require(pthread_create(&thread, NULL, enters_realloc, blocks[0]) == 0, "pthread_create");
  while (!atomic_load(&slow_realloc_entered)) usleep(100);
  free(blocks[same]); /* comes after the realloc in the order of its shard */
  for (int i = 0; i < 1000; ++i) keep(malloc(100));
  tell_truth("frees=1 reallocations=0\n");
  say("at the end\n");
  kill(getpid(), SIGKILL);
  return 0;
}
