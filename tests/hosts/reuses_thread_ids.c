/* Threads that get the number of one that has ended (as root, where the kernel lets us choose; else
 * just threads, one after another), each with a block of its own that the next one frees: a number
 * alone says nothing of who it is. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
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

/* A thread that has been joined may have its number for a moment more. */
static void wait_until_free(long number) {
  while (syscall(SYS_tgkill, getpid(), number, 0) == 0) sched_yield();
}

/* The kernel gives the next new thread the number after this one, if it is free. */
static int ask_for(long number) {
  char text[32];
  const int length = snprintf(text, sizeof text, "%ld", number - 1);
  const int file = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
  const int is_done = file >= 0 && write(file, text, (size_t)length) == length;
  if (file >= 0) close(file);
  return is_done;
}

int main(void) {
  void* number = NULL;
  int asked = 0, reused = 0;
  for (int i = 0; i < 50; ++i) {
    pthread_t thread;
    const void* const last = number;
    if (last != NULL) {
      wait_until_free((long)last);
      asked += ask_for((long)last);
    }
    require(pthread_create(&thread, NULL, thread_main, NULL) == 0, "pthread_create");
    pthread_join(thread, &number);
    reused += number == last;
  }
  free(from_last);
  if (access("/proc/sys/kernel/ns_last_pid", F_OK) != 0) {
    degraded("the kernel does not let us choose a pid");
  } else if (geteuid() != 0 && asked == 0) {
    degraded("needs root, to choose a pid");
  } else {
    /* Some were taken by others in between; not all of them. */
    require(reused > 0, "a number that is used again");
  }
  say("done\n");
  return 0;
}
