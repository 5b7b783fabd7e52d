/* Threads that are cancelled: while they wait for a child, and at once in the middle of computing
 * (asynchronously). Clean-up handlers free what they held. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

static atomic_int ready;

static void clean_up(void* block) {
  free(block);
}

static void* waits(void* child) {
  void* const block = keep(malloc(300));
  pthread_cleanup_push(clean_up, block);
  atomic_store(&ready, 1);
  int status = 0;
  waitpid(*(pid_t*)child, &status, 0);
  pthread_cleanup_pop(1);
  return NULL;
}

static void* computes(void* unused) {
  void* const block = keep(malloc(400));
  pthread_cleanup_push(clean_up, block);
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  atomic_store(&ready, 1);
  for (;;) __asm__ volatile("");
  pthread_cleanup_pop(1);
  return unused;
}

static int cancel(void* (*start)(void*), void* argument) {
  pthread_t thread;
  void* result = NULL;
  atomic_store(&ready, 0);
  require(pthread_create(&thread, NULL, start, argument) == 0, "pthread_create");
  while (!atomic_load(&ready)) usleep(100);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  return result == PTHREAD_CANCELED;
}

int main(void) {
  int ends[2];
  require(pipe(ends) == 0, "pipe");
  pid_t child = fork();
  if (child == 0) {
    char byte;
    close(ends[1]);
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 9);
  }
  int cancelled = 0;
  for (int i = 0; i < 10; ++i) cancelled += cancel(waits, &child) + cancel(computes, NULL);
  close(ends[1]);
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  say("%d cancelled, child %d\n", cancelled, WEXITSTATUS(status));
  return 0;
}
