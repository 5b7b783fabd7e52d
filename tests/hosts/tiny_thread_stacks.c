/* Threads with the smallest stacks there may be, which allocate as the first thing they do, and
 * from a signal handler: a tracer that needs much stack overruns them. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

enum { kThreads = 40 };

static void on_signal(int number) {
  (void)number;
  keep(malloc(11));
}

HOST_NOINLINE static void* thread_allocates(void* unused) {
  free(keep(malloc(64)));
  void* const block = keep(realloc(keep(calloc(3, 10)), 3000));
  free(block);
  keep(malloc(22));
  raise(SIGUSR1);
  return unused;
}

int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  signal(SIGUSR1, on_signal);
  require(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0, "stack size");
  for (int i = 0; i < kThreads; ++i) {
    pthread_t thread;
    require(pthread_create(&thread, &attributes, thread_allocates, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
  }
  say("done\n");
  return 0;
}
