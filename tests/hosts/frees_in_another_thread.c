/* One thread allocates, the other frees and reallocates, at full speed and in both directions: the
 * same addresses come back on the other thread's ring within microseconds. Nothing stays. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

enum { kBlocks = 200000, kSlots = 256 };

static _Atomic(void*) slots[kSlots];

/* A busy slot is freed by whoever finds it; a block is reallocated by the thread that did not make
 * it every fourth time. */
static void* exchange(void* unused) {
  for (int i = 0; i < kBlocks; ++i) {
    void* const found = atomic_exchange(&slots[i % kSlots], keep(malloc(32)));
    if (found == NULL) continue;
    if (i % 4 == 0)
      free(keep(realloc(found, 48)));
    else
      free(found);
  }
  return unused;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, exchange, NULL);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < kSlots; ++i) free(atomic_exchange(&slots[i], NULL));
  say("done\n");
  return 0;
}
