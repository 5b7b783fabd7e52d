/* A program that has a handler for every signal there is, all of which allocate; then blocks them
 * all and takes them by sigtimedwait, while it allocates. None may be missing, and none may come
 * that the program did not send: a tracer has no signal of its own. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "tests/hosts/host.h"

static volatile sig_atomic_t handled, sum;

static void on_signal(int number) {
  keep(malloc((size_t)number));
  ++handled;
  sum += number;
}

int main(void) {
  int owned = 0;
  sigset_t all, others;
  sigfillset(&all);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (sigaction(number, &action, NULL) != 0) continue; /* SIGKILL, SIGSTOP, libc's own */
    ++owned;
    require(raise(number) == 0, "raise");
  }
  say("%d owned, %d handled, sum %d\n", owned, (int)handled, (int)sum);
  sigprocmask(SIG_SETMASK, &all, NULL);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    if (kill(getpid(), number) == 0) free(keep(malloc(200)));
  }
  const struct timespec now = {0, 0};
  int taken = 0;
  while (sigtimedwait(&all, NULL, &now) > 0) ++taken, keep(malloc(1000));
  sigprocmask(SIG_SETMASK, NULL, &others);
  int blocked = 0;
  for (int number = 1; number <= SIGRTMAX; ++number) blocked += sigismember(&others, number) == 1;
  say("%d taken, %d blocked\n", taken, blocked);
  return 0;
}
