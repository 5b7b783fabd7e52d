// Loses a block of 1500 bytes for each line of its input and one at the start, holds one of 700,
// and says "ready" after each.
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

void* g_held;

HOST_NOINLINE static void lose(void) {
  memset(keep(malloc(1500)), 0, 1500);
}

HOST_NOINLINE static void scrub(void) {
  char remains[4096];
  memset(remains, 0, sizeof remains);
  keep(remains);
}

int main(void) {
  g_held = malloc(700);
  require(g_held != NULL, "malloc");
  char byte = 0;
  do {
    lose();
    scrub();
    say("ready\n");
  } while (read(0, &byte, 1) == 1);
  return 0;
}
