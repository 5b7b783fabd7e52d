// Holds a block by a pointer in each kind of memory that a forked child does not get as it is:
// shared (2101), not inherited (2202), wiped (2303). Says "ready" and waits for the end of its
// input.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

enum { kPage = 4096, kWipeOnFork = 18 };

HOST_NOINLINE static void hold(int sharing, int advice, size_t bytes) {
  void** const page = mmap(NULL, kPage, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  require(page != MAP_FAILED, "mmap");
  require(advice == 0 || madvise(page, kPage, advice) == 0, "madvise");
  *page = keep(malloc(bytes));
  memset(*page, 0, bytes);
}

HOST_NOINLINE static void scrub(void) {
  char remains[4096];
  memset(remains, 0, sizeof remains);
  keep(remains);
}

int main(void) {
  hold(MAP_SHARED, 0, 2101);
  hold(MAP_PRIVATE, MADV_DONTFORK, 2202);
  hold(MAP_PRIVATE, kWipeOnFork, 2303);
  scrub();
  say("ready\n");
  char byte = 0;
  while (read(0, &byte, 1) == 1) {
  }
  return 0;
}
