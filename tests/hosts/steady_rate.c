/* The target of attach tests: says "ready", then about every millisecond allocates two blocks of 64
 * bytes, frees one and keeps the other, until its standard input ends. Frees two blocks of its
 * early days on the way, which a collector that came later cannot know. Status 0 and "bye" at the
 * end. */
#include <poll.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void tick_allocates(void) {
  keep(malloc(64));
  free(keep(malloc(64)));
}

int main(void) {
  void* early[100];
  for (int i = 0; i < 100; ++i) early[i] = keep(malloc(32));
  say("ready\n");
  struct pollfd input = {.fd = 0, .events = POLLIN};
  for (int tick = 0; poll(&input, 1, 1) == 0; ++tick) {
    tick_allocates();
    if (tick >= 10 && tick < 110) free(early[tick - 10]);
  }
  say("bye\n");
  return 0;
}
