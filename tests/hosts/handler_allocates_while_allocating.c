/* A storm of SIGALRM, the next one due before the last is dealt with, over a loop that allocates,
 * reallocates and frees: the handler does the same, mostly while a hook of the tracer is
 * interrupted at some instruction or other. The handler stays out of libc's malloc, where it would
 * be undefined to interrupt it: it looks at where it came from. usage: … HANDLED [altstack] */
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

#include "tests/hosts/host.h"

static long wanted;
static volatile long handled, by_main;
static uintptr_t libc_start, libc_end;

static int find_libc(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size, (void)unused;
  if (strstr(info->dlpi_name, "/libc.so") == NULL) return 0;
  libc_start = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* const header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD) continue;
    const uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
    if (end > libc_end) libc_end = end;
  }
  return 1;
}

static void on_alarm(int number, siginfo_t* info, void* context) {
  (void)number, (void)info;
  const ucontext_t* const interrupted = context;
  const uintptr_t pc = (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
  if (handled >= wanted || (pc >= libc_start && pc < libc_end)) return;
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
  dl_iterate_phdr(find_libc, NULL);
  require(libc_start != 0, "where libc is");
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
