/* Functions whose frames a recording must show in this order; a library, so that its names are
 * found also where the program itself is not what /proc/PID/exe says (under an emulator). */
#include "tests/ports/known_frames.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define NOINLINE __attribute__((noinline))

static volatile int handled;

static void port_on_alarm(int number) {
  (void)number;
  void* const block = malloc(777);
  __asm__ volatile("" ::"r"(block) : "memory");
  handled = 1;
}

NOINLINE void port_inner(void) {
  void* const block = malloc(100);
  __asm__ volatile("" ::"r"(block) : "memory");
  free(block);
}

/* Interrupted where it stands, not in a call. */
NOINLINE void port_spin(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = port_on_alarm;
  sigaction(SIGALRM, &action, NULL);

  const struct itimerval soon = {{0, 0}, {0, 1000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  while (!handled) {
  }
}

/* A frame too large for the short form of a rule on either processor. */
NOINLINE void port_wide(void (*next)(void)) {
  volatile char room[70000];
  room[0] = room[sizeof room - 1] = 0;
  next();
  room[1] = 0;
}

NOINLINE void port_middle(void) {
  port_inner();
  __asm__ volatile("" ::: "memory");
}

NOINLINE void port_outer(int times, int spin) {
  for (int i = 0; i < times; ++i) port_middle();
  port_wide(port_inner);
  if (spin) port_spin(); /* in one thread only: the alarm is anybody's */
  __asm__ volatile("" ::: "memory");
}
