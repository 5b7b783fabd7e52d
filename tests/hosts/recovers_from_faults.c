/* A program that owns SIGSEGV, as garbage collectors and virtual machines do: its handler allocates
 * and makes the page writable (a write barrier), or leaves by siglongjmp (a null check). */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

enum { kPages = 500, kPage = 4096 };

static sigjmp_buf null_check;
static char* volatile heap;
static volatile sig_atomic_t barriers, nulls;

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  char* const at = info->si_addr;
  free(keep(malloc(100)));
  if (at < heap || at >= heap + (size_t)kPages * kPage) {
    ++nulls;
    siglongjmp(null_check, 1);
  }
  keep(malloc(20));
  require(mprotect((char*)((uintptr_t)at & ~(uintptr_t)(kPage - 1)), kPage,
                   PROT_READ | PROT_WRITE) == 0,
          "mprotect");
  ++barriers;
}

int main(void) {
  const struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  require(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
  heap = mmap(NULL, (size_t)kPages * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(heap != MAP_FAILED, "mmap");
  for (volatile int i = 0; i < kPages; ++i) {
    heap[(size_t)i * kPage] = 1;
    if (sigsetjmp(null_check, 1) == 0) *(volatile int*)(uintptr_t)8 = 1;
    keep(malloc(30));
  }
  say("%d barriers, %d null checks\n", (int)barriers, (int)nulls);
  return 0;
}
