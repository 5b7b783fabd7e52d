/* Calls the library of known frames from main's thread and from another. */
#include <pthread.h>
#include <stdio.h>

#include "tests/ports/known_frames.h"

static void* port_thread(void* unused) {
  port_outer(50, 0);
  return unused;
}

int main(void) {
  port_outer(100, 1);
  pthread_t thread;
  if (pthread_create(&thread, NULL, port_thread, NULL) != 0) return 1;
  pthread_join(thread, NULL);
  puts("done");
  return 0;
}
