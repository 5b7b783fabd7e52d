/* A program with a library that is there before anything preloaded and goes after it: its
 * constructor and its destructor each keep a block, and so does main. */
#include <stdlib.h>

#include "tests/hosts/host.h"

void live_longer(void); /* so that it is needed */

int main(void) {
  live_longer();
  keep(malloc(10));
  say("main ends\n");
  tell_truth("allocations=3 live_bytes=%d\n", 808 + 10 + 909);
  return 0;
}
