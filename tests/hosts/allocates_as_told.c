/* A program for the gate: `allocates_as_told N [KEPT [HELD]]` makes N allocations of 100 bytes and
 * frees them, then KEPT of 50 that it keeps, and one of 16 that holds HELD bytes. With PADDING it
 * is the same program in another layout. */
#include <stdlib.h>

#include "tests/hosts/host.h"

#ifdef PADDING
/* Code and data in front, so that nothing lies where it lay. */
int padding_data[1000] = {1};
HOST_NOINLINE int padding_code(int x) {
  volatile int sum = 0;
  for (int i = 0; i < x; ++i) sum += padding_data[i % 1000] * i;
  return sum;
}
#endif

HOST_NOINLINE static void passes_through(int count) {
  for (int i = 0; i < count; ++i) free(keep(malloc(100)));
}

HOST_NOINLINE static void keeps(int count) {
  for (int i = 0; i < count; ++i) keep(malloc(50));
}

HOST_NOINLINE static void holds(size_t bytes) {
  void** head = malloc(16);
  require(head != NULL, "malloc");
  head[0] = NULL;
  head[1] = malloc(bytes);
  keep(head);
}

/* Overwrites what calls left on the stack: no stale pointer may keep a block reachable. */
HOST_NOINLINE static void forgets(void) {
  volatile char room[8192];
  for (unsigned i = 0; i < sizeof room; ++i) room[i] = 0;
}

int main(int argc, char** argv) {
  passes_through(argc > 1 ? atoi(argv[1]) : 0);
  keeps(argc > 2 ? atoi(argv[2]) : 0);
  if (argc > 3) holds((size_t)atol(argv[3]));
  forgets();
  say("done\n");
  return 0;
}
