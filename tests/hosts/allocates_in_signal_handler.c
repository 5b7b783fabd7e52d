/* A handler on its own stack allocates, ten times, at points where the program is not allocating:
 * the blocks count, and their stacks lead through the signal frame on to main. */
#include <signal.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

static char handler_stack[1 << 16];

HOST_NOINLINE static void on_signal(int number) {
  (void)number;
  keep(malloc(64));
}

HOST_NOINLINE static void interrupted_function(void) {
  raise(SIGUSR1);
}

int main(void) {
  const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  require(sigaltstack(&stack, NULL) == 0, "sigaltstack");
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  require(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
  for (int i = 0; i < 10; ++i) interrupted_function();
  say("done\n");
  return 0;
}
