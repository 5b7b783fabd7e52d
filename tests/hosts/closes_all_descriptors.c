/* Closes every descriptor but the standard ones, as daemons do, then allocates, forks and starts a
 * thread: nothing of the tracer may depend on a descriptor, or sit on a number the program uses. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static void* thread_allocates(void* unused) {
  for (int i = 0; i < 100; ++i) keep(malloc(70));
  return unused;
}

int main(void) {
  keep(malloc(10));
  for (int descriptor = 3; descriptor < 1024; ++descriptor) close(descriptor);
  for (int i = 0; i < 1000; ++i) keep(malloc(20));
  say("next descriptor %d\n", open("/dev/null", O_RDONLY));
  pthread_t thread;
  require(pthread_create(&thread, NULL, thread_allocates, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  say("next descriptor %d\n", open("/dev/null", O_RDONLY));
  const pid_t child = fork();
  if (child == 0) {
    keep(malloc(30));
    _exit(open("/dev/null", O_RDONLY));
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  say("child's descriptor %d\n", WEXITSTATUS(status));
  return 0;
}
