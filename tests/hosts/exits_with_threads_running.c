/* main returns while three threads are in the middle of allocating: how much they did is open, that
 * it adds up is not. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

static atomic_int started;

static void* churn(void* unused) {
  atomic_fetch_add(&started, 1);
  for (;;) free(keep(malloc(64)));
  return unused;
}

int main(void) {
  pthread_t thread;
  for (int i = 0; i < 3; ++i) pthread_create(&thread, NULL, churn, NULL);
  while (atomic_load(&started) < 3) usleep(1000);
  usleep(20000);
  say("main returns\n");
  return 6;
}
