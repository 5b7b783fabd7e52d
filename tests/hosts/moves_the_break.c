/* brk and sbrk up and down, and sbrk(0), which is no call. The heap's break is the program's own
 * here: nothing is allocated. */
#include <stdint.h>

#include "tests/hosts/host.h"

int main(void) {
  char* const start = sbrk(0);
  require(sbrk(8192) == start, "sbrk up");
  require(brk(start + 12288) == 0, "brk up");
  require(sbrk(-4096) == start + 12288, "sbrk down");
  require(sbrk(0) == start + 8192, "the break");
  say("done\n");
  return 0;
}
