/* Threads that get the number of one that has ended (as root; else just threads, one after
 * another), each with a block of its own that the next one frees: a number alone says nothing of
 * who it is. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "tests/hosts/host.h"

static void* from_last;

static void* thread_main(void* unused) {
  (void)unused;
  free(from_last);
  from_last = keep(malloc(40));
  keep(malloc(5));
  return (void*)syscall(SYS_gettid);
}

/* The kernel gives the next new thread the number after this one, if it is free. */
static void ask_for(long number) {
  char text[32];
  const int length = snprintf(text, sizeof text, "%ld", number - 1);
  const int file = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
  if (file >= 0 && write(file, text, (size_t)length) != length) number = 0;
  if (file >= 0) close(file);
}

int main(void) {
  void* number = NULL;
  for (int i = 0; i < 50; ++i) {
    pthread_t thread;
    if (number != NULL) ask_for((long)number);
    require(pthread_create(&thread, NULL, thread_main, NULL) == 0, "pthread_create");
    pthread_join(thread, &number);
  }
  free(from_last);
  say("done\n");
  return 0;
}
