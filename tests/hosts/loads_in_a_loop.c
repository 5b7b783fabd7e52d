/* A library that is loaded, used and unloaded again and again while a thread allocates: its blocks
 * outlive it, and what a tracer remembers of its code must not.
 * usage: loads_in_a_loop LIBRARY FUNCTION TIMES [deepbind] */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

static atomic_int stop;

static void* churn(void* unused) {
  while (!atomic_load(&stop)) free(keep(malloc(64)));
  return unused;
}

int main(int argc, char** argv) {
  require(argc >= 4, "usage: loads_in_a_loop LIBRARY FUNCTION TIMES [deepbind]");
  const int flags = RTLD_NOW | (argc > 4 ? RTLD_DEEPBIND : 0);
  pthread_t thread;
  require(pthread_create(&thread, NULL, churn, NULL) == 0, "pthread_create");
  for (int i = 0; i < atoi(argv[3]); ++i) {
    void* const library = dlopen(argv[1], flags);
    require(library != NULL, "dlopen");
    void (*leak)(size_t) = NULL;
    void* const symbol = dlsym(library, argv[2]);
    require(symbol != NULL, "dlsym");
    memcpy(&leak, &symbol, sizeof leak);
    leak(25);
    require(dlclose(library) == 0, "dlclose");
  }
  atomic_store(&stop, 1);
  pthread_join(thread, NULL);
  say("done\n");
  return 0;
}
