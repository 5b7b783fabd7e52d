// Before anything is watched: loses 5000 bytes, keeps a table of pointers, a block of 600 bytes in
// it, and one of 700. For each line of its input it loses 1500 bytes, keeps 1100 in the table and
// frees 300 that it has just allocated. At a line with an r it also makes the 600 bytes 640, which
// is then the only block of before that has been seen, and frees the 700. At a b it allocates and
// frees until there is more input. Says "ready" at the start and after each line.
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

enum { kPlaces = 4096 };

void** g_table;
static void* g_early;

HOST_NOINLINE static void lose(size_t bytes) {
  memset(keep(malloc(bytes)), 0, bytes);
}

HOST_NOINLINE static void scrub(void) {
  char remains[4096];
  memset(remains, 0, sizeof remains);
  keep(remains);
}

HOST_NOINLINE static void* hold(size_t bytes) {
  return keep(malloc(bytes));
}

static void be_busy(void) {
  struct pollfd input = {0, POLLIN, 0};
  while (poll(&input, 1, 0) == 0) {
    for (int i = 0; i < 1000; ++i) free(keep(malloc(64)));
  }
}

int main(void) {
  size_t places = 0;
  lose(5000);
  g_table = calloc(kPlaces, sizeof(void*));
  require(g_table != NULL, "calloc");
  g_table[places++] = hold(600);
  g_early = hold(700);
  scrub();
  say("ready\n");
  char byte = 0;
  while (places < kPlaces && read(0, &byte, 1) == 1) {
    if (byte == 'r') {
      g_table[0] = realloc(g_table[0], 640);
      free(g_early);
      g_early = NULL;
    } else if (byte == 'b') {
      be_busy();
    } else if (byte == '\n') {
      lose(1500);
      g_table[places++] = hold(1100);
      free(keep(malloc(300)));
      scrub();
      say("ready\n");
    }
  }
  return 0;
}
