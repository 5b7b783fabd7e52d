/* Ends while one of its threads sits in a vfork, whose child takes longer than anybody's patience:
 * until the child is done the kernel stops that thread for nobody, and whoever has asked it to stop
 * must not forget to let it go. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "tests/hosts/host.h"

static void* vforks(void* end_of_pipe) {
  const struct timespec longer_than_anybody_waits = {2, 500000000};
  const pid_t child = vfork();
  if (child == 0) {
    if (write(*(int*)end_of_pipe, "x", 1) != 1) _exit(91);
    close(1); /* nobody shall wait for the child */
    close(2);
    nanosleep(&longer_than_anybody_waits, NULL);
    _exit(0);
  }
  return NULL;
}

int main(void) {
  static int ends[2];
  pthread_t thread;
  char byte;
  keep(malloc(100));
  require(pipe(ends) == 0, "pipe");
  require(pthread_create(&thread, NULL, vforks, &ends[1]) == 0, "a thread");
  require(read(ends[0], &byte, 1) == 1, "the child runs");
  say("ends\n");
  return 5;
}
