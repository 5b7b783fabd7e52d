/* A program that has made itself invisible to others (PR_SET_DUMPABLE 0: its /proc entries belong
 * to root), then starts a thread, a child and itself anew. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static void* allocates(void* unused) {
  for (int i = 0; i < 100; ++i) keep(malloc(70));
  return unused;
}

int main(int argc, char** argv) {
  (void)argv;
  keep(malloc(10));
  if (argc > 1) return 5;
  require(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "not dumpable");
  allocates(NULL);
  pthread_t thread;
  require(pthread_create(&thread, NULL, allocates, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
  const pid_t child = fork();
  if (child == 0) {
    keep(malloc(30));
    execl("/proc/self/exe", argv[0], "again", NULL);
    _exit(96);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  say("dumpable %d, child %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), WEXITSTATUS(status));
  return 0;
}
