/* SIGKILL from one thread while two others allocate: the last record may be half written,
 * everything before it must be there. The main thread's 1000 blocks of 10 bytes are complete by
 * then. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

static atomic_int started;

static void* churn(void* unused) {
  atomic_fetch_add(&started, 1);
  for (;;) free(keep(malloc(64)));
  return unused;
}

HOST_NOINLINE static void main_allocates(void) {
  for (int i = 0; i < 1000; ++i) keep(malloc(10));
}

int main(void) {
  pthread_t thread;
  for (int i = 0; i < 2; ++i) pthread_create(&thread, NULL, churn, NULL);
  main_allocates();
  while (atomic_load(&started) < 2) usleep(1000);
  usleep(20000);
  kill(getpid(), SIGKILL);
  return 0;
}
