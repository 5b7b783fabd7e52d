/* fork from the main thread while two others are in the middle of allocating: each child must come
 * up able to allocate, and must be recorded with exactly its ten blocks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static atomic_int stop;

static void* churn(void* unused) {
  while (!atomic_load(&stop)) free(keep(malloc(64)));
  return unused;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, churn, NULL);
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int block = 0; block < 10; ++block) keep(malloc(77));
      _exit(3);
    }
    int status = 0;
    require(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3, "a child");
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  say("20 children\n");
  return 0;
}
