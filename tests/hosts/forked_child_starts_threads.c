/* fork from a program with four busy threads; each child starts three threads of its own at once,
 * which allocate, and keeps 3 x 50 blocks of 60 bytes. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

enum { kBusy = 4, kChildren = 10, kThreads = 3, kBlocks = 50 };

static atomic_int stop;

static void* churn(void* unused) {
  while (!atomic_load(&stop)) free(keep(realloc(keep(malloc(64)), 4000)));
  return unused;
}

HOST_NOINLINE static void* child_thread_allocates(void* unused) {
  for (int i = 0; i < kBlocks; ++i) {
    keep(malloc(60));
    free(keep(malloc(61)));
  }
  return unused;
}

static void run_child(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i)
    if (pthread_create(&threads[i], NULL, child_thread_allocates, NULL) != 0) _exit(97);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  _exit(4);
}

int main(void) {
  pthread_t threads[kBusy];
  for (int i = 0; i < kBusy; ++i) pthread_create(&threads[i], NULL, churn, NULL);
  int good = 0;
  for (int i = 0; i < kChildren; ++i) {
    const pid_t child = fork();
    if (child == 0) run_child();
    int status = 0;
    good += waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 4;
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < kBusy; ++i) pthread_join(threads[i], NULL);
  say("%d children\n", good);
  return 0;
}
