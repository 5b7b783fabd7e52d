/* Three functions with known shares of the peak: at the moment of the highest live heap (3 500 000
 * bytes) the first holds 1 000 000 of the 3 000 000 it once had, the second 1 500 000, the third
 * 1 000 000. Afterwards the second frees everything. */
#include <stdlib.h>

#include "tests/hosts/host.h"

enum { kBlock = 100000 };

static void* first_blocks[30];
static void* second_blocks[15];

HOST_NOINLINE static void first_grows(void) {
  for (int i = 0; i < 30; ++i) first_blocks[i] = keep(malloc(kBlock));
}

HOST_NOINLINE static void second_grows(void) {
  for (int i = 0; i < 15; ++i) second_blocks[i] = keep(malloc(kBlock));
}

HOST_NOINLINE static void third_grows(void) {
  for (int i = 0; i < 10; ++i) keep(malloc(kBlock));
}

int main(void) {
  first_grows();
  for (int i = 0; i < 20; ++i) free(first_blocks[i]);
  second_grows();
  third_grows();
  for (int i = 0; i < 15; ++i) free(second_blocks[i]);
  say("done\n");
  return 0;
}
