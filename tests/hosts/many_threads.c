/* 64 threads at once (or as many as are named), each keeping half of its 100 blocks of 16 bytes:
 * more threads than a tracer would prepare rings for. All are started before any is joined, so
 * libc's own count is the same on every run. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

enum { kBlocks = 100, kMostThreads = 2000 };

static pthread_barrier_t all_are_there;

HOST_NOINLINE static void* thread_allocates(void* unused) {
  pthread_barrier_wait(&all_are_there);
  for (int i = 0; i < kBlocks; ++i) {
    void* const block = keep(malloc(16));
    if (i % 2 == 0) free(block);
  }
  return unused;
}

int main(int argc, char** argv) {
  static pthread_t threads[kMostThreads];
  const int count = argc > 1 ? atoi(argv[1]) : 64;
  require(count > 0 && count <= kMostThreads, "the number of threads");
  pthread_barrier_init(&all_are_there, NULL, (unsigned)count);
  for (int i = 0; i < count; ++i)
    require(pthread_create(&threads[i], NULL, thread_allocates, NULL) == 0, "pthread_create");
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  say("done\n");
  return 0;
}
