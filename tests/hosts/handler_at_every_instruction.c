/* A handler that allocates at each single instruction of its program, by the processor's single
 * steps: before, in and behind each of the tracer's hooks, wherever a frame is half made. It stays
 * out of libc's malloc, where it would be undefined to interrupt it. x86-64 alone: programs of
 * other processors cannot step themselves. usage: … TURNS */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"
#include "tests/hosts/interrupted_code.h"
#include "tests/hosts/libc_range.h"

static volatile long handled;

static void on_step(int number, siginfo_t* info, void* context) {
  (void)number, (void)info;
  if (is_in_libc(interrupted_code(context))) return;
  keep(malloc(56));
  ++handled;
}

/* The trap flag; below the red zone. */
HOST_NOINLINE static void step(int on) {
#if defined(__x86_64__)
  if (on) {
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), "
        "%%rsp" ::
            : "memory", "cc");
  } else {
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $-0x101, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), "
        "%%rsp" ::
            : "memory", "cc");
  }
#else
  require(on < 0, "single steps of its own: x86-64 alone");
#endif
}

HOST_NOINLINE static void run_in_steps(long turns) {
  step(1);
  for (long i = 0; i < turns; ++i) {
    void* block = keep(malloc(48));
    block = keep(realloc(block, 96));
    free(block);
  }
  step(0);
}

int main(int argc, char** argv) {
  static char other_stack[1 << 16];
  require(argc >= 2, "usage: handler_at_every_instruction TURNS");
  const long turns = atol(argv[1]);
  look_for_libc();
  struct sigaction action = {.sa_sigaction = on_step,
                             .sa_flags = SA_RESTART | SA_SIGINFO | SA_ONSTACK};
  const stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
  require(sigaltstack(&stack, NULL) == 0, "sigaltstack");
  require(sigaction(SIGTRAP, &action, NULL) == 0, "sigaction");
  run_in_steps(turns);
  require(handled > 10 * turns, "no single steps here");
  say("stepped\n");
  tell_truth("allocations=%ld reallocations=%ld frees=%ld live_bytes=%ld\n", handled + turns, turns,
             turns, 56 * handled);
  return 0;
}
