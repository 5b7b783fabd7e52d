/* The destructor of a pthread key runs when most of a thread is gone already. Here it calls valloc,
 * which must be recorded once and by its own name, and frees the block the key held. */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

static pthread_key_t key;

static void key_destructor(void* block) {
  keep(valloc(5000));
  free(block);
}

static void* thread_main(void* unused) {
  pthread_setspecific(key, keep(malloc(70)));
  return unused;
}

int main(void) {
  require(pthread_key_create(&key, key_destructor) == 0, "pthread_key_create");
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    require(pthread_create(&thread, NULL, thread_main, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
  }
  say("done\n");
  return 0;
}
