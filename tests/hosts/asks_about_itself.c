// Asks memwatch for its own counters around known work and checks each figure. Prints "ok", or why
// there was no answer: the status, which is 1 without memwatch.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/memwatch/memwatch.h"
#include "tests/hosts/host.h"

static void* allocate_apart(void* unused) {
  keep(malloc(5000));
  return unused;
}

static struct memwatch_counters query(void) {
  struct memwatch_counters counters;
  const int status = memwatch_query_counters(&counters);
  if (status != MEMWATCH_OK) {
    printf("%d\n", status);
    exit(0);
  }
  return counters;
}

int main(void) {
  static char line[64];
  setvbuf(stdout, line, _IOLBF, sizeof line);  // no buffer of the C library's
  pthread_t thread;
  require(pthread_create(&thread, NULL, allocate_apart, NULL) == 0, "pthread_create");
  require(pthread_join(thread, NULL) == 0, "pthread_join");
  query();
  const struct memwatch_counters before = query();
  void* blocks[100];
  for (int i = 0; i < 100; ++i) blocks[i] = keep(malloc(1000));
  for (int i = 0; i < 90; ++i) free(blocks[i]);
  blocks[99] = keep(realloc(blocks[99], 3000));
  require(pthread_create(&thread, NULL, allocate_apart, NULL) == 0, "pthread_create");
  require(pthread_join(thread, NULL) == 0, "pthread_join");
  const struct memwatch_counters after = query();

  // The C library keeps a thread's control block for the next thread.
  require(after.allocations - before.allocations == 101, "allocations");
  require(after.frees - before.frees == 90, "frees");
  require(after.reallocations - before.reallocations == 1, "reallocations");
  require(after.allocated_bytes - before.allocated_bytes == 100000 + 3000 + 5000,
          "allocated bytes");
  require(after.freed_bytes - before.freed_bytes == 90000 + 1000, "freed bytes");
  require(after.live_blocks - before.live_blocks == 11, "live blocks");
  require(after.live_bytes - before.live_bytes == 9000 + 3000 + 5000, "live bytes");
  require(after.peak_bytes - before.live_bytes == 100000, "peak");
  require(after.failed == before.failed, "failed");
  require(after.thread_allocations - before.thread_allocations == 100, "of the thread");
  require(after.thread_allocated_bytes - before.thread_allocated_bytes == 103000, "its bytes");
  const struct memwatch_counters later = query();
  require(later.peak_bytes == later.live_bytes, "the peak begins anew");
  printf("ok\n");
  return 0;
}
