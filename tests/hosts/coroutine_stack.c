/* Allocates on a stack of its own making, as coroutines do: outside every stack the tracer knows,
 * 1000 times to and fro. The stack trace may end early; nothing is lost and nothing breaks. */
#include <stdlib.h>
#include <ucontext.h>

#include "tests/hosts/host.h"

static ucontext_t main_context, coroutine_context;
static char coroutine_stack[1 << 16];

HOST_NOINLINE static void coroutine_allocates(void) {
  keep(malloc(24));
}

static void coroutine(void) {
  for (;;) {
    coroutine_allocates();
    swapcontext(&coroutine_context, &main_context);
  }
}

int main(void) {
  require(getcontext(&coroutine_context) == 0, "getcontext");
  coroutine_context.uc_stack.ss_sp = coroutine_stack;
  coroutine_context.uc_stack.ss_size = sizeof coroutine_stack;
  coroutine_context.uc_link = NULL;
  makecontext(&coroutine_context, coroutine, 0);
  for (int i = 0; i < 1000; ++i) {
    keep(malloc(8));
    swapcontext(&main_context, &coroutine_context);
  }
  say("done\n");
  return 0;
}
