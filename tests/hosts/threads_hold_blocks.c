/* As many threads as its argument says, each of which holds a block of 700 bytes in nothing but a
 * register, and loses one of 1500. They sleep, or with a second argument "compute" never do. Says
 * "ready" when all are at it, and ends with its input.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/hosts/host.h"

static atomic_uint g_ready;
static int g_sleeps;

/* Not a pointer, wherever it may be left. */
HOST_NOINLINE static uintptr_t hidden_block(void) {
  void* const lost = malloc(1500);
  require(lost != NULL, "malloc");
  memset(lost, 0, 1500);
  void* const block = malloc(700);
  require(block != NULL, "malloc");
  memset(block, 0, 700);
  return ~(uintptr_t)block;
}

HOST_NOINLINE static void scrub(void) {
  char remains[8192];
  memset(remains, 0, sizeof remains);
  __asm__ volatile("" : : "r"(remains) : "memory");
}

static void* hold(void* unused) {
  const uintptr_t hidden = hidden_block();
  scrub();
  ++g_ready;
#ifdef __x86_64__
  __asm__ volatile(
      "mov %0, %%r12\n\t"
      "not %%r12\n\t"
      "test %1, %1\n\t"
      "jz 2f\n\t"
      "1: mov %2, %%eax\n\t"
      "syscall\n\t"
      "jmp 1b\n\t"
      "2: pause\n\t"
      "jmp 2b\n\t"
      :
      : "r"(hidden), "r"(g_sleeps), "i"(SYS_pause)
      : "rax", "rcx", "r11", "r12", "cc", "memory");
#else
  void* volatile block = (void*)~hidden; /* on its stack, then */
  for (;;) {
    if (g_sleeps) pause();
  }
#endif
  return unused;
}

int main(int argc, char** argv) {
  require(argc >= 2, "usage: threads_hold_blocks THREADS [compute]");
  const unsigned count = (unsigned)atoi(argv[1]);
  g_sleeps = argc < 3;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (unsigned i = 0; i < count; ++i) {
    pthread_t thread;
    require(pthread_create(&thread, &small, hold, NULL) == 0, "pthread_create");
  }
  while (g_ready < count) sched_yield();
  say("ready\n");
  for (char byte = 0; read(0, &byte, 1) == 1;) say("ready\n");
  return 0;
}
