/* 1000 threads (or as many as are named), one after another, each with one block that another
 * thread frees: rings are handed back and used again, and a ring's next owner is not mistaken for
 * the last. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void* thread_allocates(void* unused) {
  (void)unused;
  return keep(malloc(40));
}

int main(int argc, char** argv) {
  const int threads = argc > 1 ? atoi(argv[1]) : 1000;
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    void* block = NULL;
    require(pthread_create(&thread, NULL, thread_allocates, NULL) == 0, "pthread_create");
    require(pthread_join(thread, &block) == 0, "pthread_join");
    free(block);
  }
  say("done\n");
  return 0;
}
