/* A storm of SIGALRM, the next one due before the last is dealt with, over a loop that allocates,
 * reallocates and frees: the handler does the same, mostly while a hook of the tracer is
 * interrupted at some instruction or other. The handler stays out of libc's malloc, where it would
 * be undefined to interrupt it: it looks at where it came from. usage: … HANDLED [altstack] */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "tests/hosts/host.h"
#include "tests/hosts/interrupted_code.h"
#include "tests/hosts/libc_range.h"

static long wanted;
static volatile long handled, by_main;

static void on_alarm(int number, siginfo_t* info, void* context) {
  (void)number, (void)info;
  const uintptr_t pc = interrupted_code(context);
  if (handled >= wanted || is_in_libc(pc)) return;
  void* const block = keep(realloc(keep(malloc(24)), 500));
  free(block);
  keep(malloc(56));
  ++handled;
}

static void run_the_storm(void) {
  const struct itimerval every = {{0, 60}, {0, 60}};
  const struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &every, NULL);
  for (; handled < wanted; ++by_main) {
    void* block = keep(malloc(48));
    block = keep(realloc(block, 96));
    free(block);
  }
  setitimer(ITIMER_REAL, &never, NULL);
}

int main(int argc, char** argv) {
  static char other_stack[1 << 16];
  require(argc >= 2, "usage: handler_allocates_while_allocating HANDLED [altstack]");
  wanted = atol(argv[1]);
  look_for_libc();
  struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_RESTART | SA_SIGINFO};
  if (argc > 2) {
    const stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    require(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    action.sa_flags |= SA_ONSTACK;
  }
  require(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
  run_the_storm();
  say("%ld handled\n", handled);
  tell_truth("allocations=%ld reallocations=%ld frees=%ld live_bytes=%ld\n", 2 * handled + by_main,
             handled + by_main, handled + by_main, 56 * handled);
  return 0;
}
