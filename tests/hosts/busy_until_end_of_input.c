/* Three threads that do nothing but allocate, reallocate, free and map, until the input ends; the
 * main thread forks short children meanwhile. For tests that kill this or that at a random moment:
 * it says "ready" when all are at it, and "bye" if it has come to no harm. usage: … [forks] */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

enum { kThreads = 3, kKept = 512 };

static atomic_int started, stop;

HOST_NOINLINE static void* churn(void* seed) {
  static _Thread_local void* blocks[kKept];
  unsigned state = (unsigned)(uintptr_t)seed;
  atomic_fetch_add(&started, 1);
  while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    state = state * 1664525 + 1013904223;
    void** const place = &blocks[(state >> 8) % kKept];
    switch (state >> 30) {
      case 0:
        *place = keep(realloc(*place, 1 + (state >> 20) % 3000));
        break;
      case 1:
        if (state % 16 == 0) {
          void* const pages = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          munmap(pages, 8192);
        }
        break;
      default:
        free(*place);
        *place = keep(malloc(1 + (state >> 20) % 300));
    }
  }
  return NULL;
}

static int fork_one(void) {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 100; ++i) keep(malloc(60));
    _exit(3);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3;
}

int main(int argc, char** argv) {
  const int forks = argc > 1 && strcmp(argv[1], "forks") == 0;
  pthread_t threads[kThreads];
  for (uintptr_t i = 0; i < kThreads; ++i)
    require(pthread_create(&threads[i], NULL, churn, (void*)(i + 1)) == 0, "pthread_create");
  while (atomic_load(&started) < kThreads) usleep(100);
  say("ready\n");
  struct pollfd input = {.fd = 0, .events = POLLIN};
  while (poll(&input, 1, forks ? 1 : 20) == 0)
    if (forks) require(fork_one(), "a child");
  atomic_store(&stop, 1);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  say("bye\n");
  return 0;
}
