/* A stack that is known in advance: gamma_allocates, called by beta, by alpha, by main. The marked
 * lines are looked up in this file by the test. A thread does the same from its start function. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void gamma_allocates(size_t size) {
  keep(malloc(size)); /* gamma */
  __asm__ volatile("");
}

HOST_NOINLINE static void beta(size_t size) {
  gamma_allocates(size); /* beta */
  __asm__ volatile("");
}

HOST_NOINLINE static void alpha(size_t size) {
  beta(size); /* alpha */
  __asm__ volatile("");
}

HOST_NOINLINE static void* thread_main(void* unused) {
  alpha(1024); /* thread_main */
  return unused;
}

int main(void) {
  alpha(512); /* main */
  pthread_t thread;
  require(pthread_create(&thread, NULL, thread_main, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  say("done\n");
  return 0;
}
