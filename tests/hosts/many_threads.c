/* 64 threads at once, each keeping half of its 100 blocks of 16 bytes: more threads than a tracer
 * would prepare rings for. All are started before any is joined, so libc's own count is the same on
 * every run. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

enum { kThreads = 64, kBlocks = 100 };

HOST_NOINLINE static void* thread_allocates(void* unused) {
  for (int i = 0; i < kBlocks; ++i) {
    void* const block = keep(malloc(16));
    if (i % 2 == 0) free(block);
  }
  return unused;
}

int main(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i)
    require(pthread_create(&threads[i], NULL, thread_allocates, NULL) == 0, "pthread_create");
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  say("done\n");
  return 0;
}
