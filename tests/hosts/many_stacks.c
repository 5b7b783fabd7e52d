/* 4096 stacks, one for each path through a binary tree of calls, with forty frames of their own
 * each: little is allocated, but what the stacks themselves take is megabytes. */
#include <stdlib.h>

#include "tests/hosts/host.h"

#define DEPTH 12
#define FRAMES 40

HOST_NOINLINE static void go_on(int frames) {
  if (frames > 0) {
    go_on(frames - 1);
  } else {
    keep(malloc(16));
  }
  __asm__ volatile("");
}

HOST_NOINLINE static void fork_ways(int depth) {
  if (depth > 0) {
    fork_ways(depth - 1); /* another return address than the next call's, so another stack */
    __asm__ volatile("");
    fork_ways(depth - 1);
  } else {
    go_on(FRAMES);
  }
  __asm__ volatile("");
}

int main(void) {
  fork_ways(DEPTH);
  say("done\n");
  return 0;
}
