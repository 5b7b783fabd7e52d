/* 20 000 frames deep (or as many as are named), with an allocation at every thousandth: no crash,
 * no lost event; such a stack may be cut short, but then it is counted as truncated. */
#include <stdlib.h>

#include "tests/hosts/host.h"

HOST_NOINLINE static void descend(int depth) {
  if (depth % 1000 == 0) keep(malloc(16));
  if (depth > 0) descend(depth - 1);
  __asm__ volatile("");
}

int main(int argc, char** argv) {
  descend(argc > 1 ? atoi(argv[1]) : 20000);
  say("done\n");
  return 0;
}
