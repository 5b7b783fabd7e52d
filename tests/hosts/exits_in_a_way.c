/* Allocates 100 bytes and ends in the way that is named: return, exit, _exit, quick_exit, a signal.
 * The block must be reported and the status must be the program's own, whichever it was. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void allocate(void) {
  keep(malloc(100));
}

static void* exit_of_thread(void* unused) {
  (void)unused;
  exit(7);
}

static void exit_in_handler(int number) {
  (void)number;
  exit(8);
}

static void underscore_exit_in_handler(int number) {
  (void)number;
  _exit(9);
}

/* main's thread ends, the process does when the other one has returned. */
static void* outlive_main(void* main_thread) {
  pthread_join(*(pthread_t*)main_thread, NULL);
  say("main is gone\n");
  return NULL;
}

static int end_with_thread(const char* way) {
  static pthread_t main_thread;
  pthread_t thread;
  main_thread = pthread_self();
  if (strcmp(way, "exit_in_thread") == 0) {
    pthread_create(&thread, NULL, exit_of_thread, NULL);
    for (;;) pause();
  }
  if (strcmp(way, "main_thread_ends") == 0) {
    pthread_create(&thread, NULL, outlive_main, &main_thread);
    pthread_exit(NULL);
  }
  return 42;
}

static int end(const char* way) {
  volatile int* const nowhere = NULL;
  if (strcmp(way, "exit") == 0) exit(3);
  if (strcmp(way, "_exit") == 0) _exit(4);
  if (strcmp(way, "_Exit") == 0) _Exit(10);
  if (strcmp(way, "exit_in_handler") == 0) signal(SIGUSR1, exit_in_handler), raise(SIGUSR1);
  if (strcmp(way, "_exit_in_handler") == 0)
    signal(SIGUSR1, underscore_exit_in_handler), raise(SIGUSR1);
  if (strcmp(way, "quick_exit") == 0) quick_exit(5);
  if (strcmp(way, "exit_group") == 0) syscall(SYS_exit_group, 6);
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "segv") == 0) *nowhere = 1;
  if (strcmp(way, "term") == 0) raise(SIGTERM);
  if (strcmp(way, "kill") == 0) raise(SIGKILL);
  if (strcmp(way, "trap") == 0) __builtin_trap();
  return end_with_thread(way);
}

int main(int argc, char** argv) {
  require(argc == 2, "usage: exits_in_a_way WAY");
  allocate();
  say("%s\n", argv[1]);
  return end(argv[1]);
}
