/* 1000 threads, one after another, each with one block that another thread frees: rings are handed
 * back and used again, and a ring's next owner is not mistaken for the last. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

enum { kThreads = 1000 };

HOST_NOINLINE static void* thread_allocates(void* unused) {
  (void)unused;
  return keep(malloc(40));
}

int main(void) {
  for (int i = 0; i < kThreads; ++i) {
    pthread_t thread;
    void* block = NULL;
    require(pthread_create(&thread, NULL, thread_allocates, NULL) == 0, "pthread_create");
    require(pthread_join(thread, &block) == 0, "pthread_join");
    free(block);
  }
  say("done\n");
  return 0;
}
