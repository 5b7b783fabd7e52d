/* What is temporary and what is not, by the contract: freed by the same thread with no allocation
 * of that thread in between. 100 + 50 are; 50 + 10 + 5 are not. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

static void* free_it(void* block) {
  free(block);
  return NULL;
}

HOST_NOINLINE static void freed_at_once(void) {
  for (int i = 0; i < 100; ++i) free(keep(malloc(10)));
}

HOST_NOINLINE static void first_of_two(void) {
  for (int i = 0; i < 50; ++i) {
    void* const first = keep(malloc(20));  /* another allocation follows: not temporary */
    void* const second = keep(malloc(30)); /* only a free follows: temporary */
    free(first);
    free(second);
  }
}

HOST_NOINLINE static void reallocated(void) {
  for (int i = 0; i < 10; ++i) free(keep(realloc(keep(malloc(40)), 60)));
}

HOST_NOINLINE static void freed_elsewhere(void) {
  for (int i = 0; i < 5; ++i) {
    pthread_t thread;
    require(pthread_create(&thread, NULL, free_it, keep(malloc(50))) == 0, "pthread_create");
    pthread_join(thread, NULL);
  }
}

int main(void) {
  freed_at_once();
  first_of_two();
  reallocated();
  freed_elsewhere();
  say("done\n");
  return 0;
}
