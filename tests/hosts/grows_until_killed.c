/* Takes a mebibyte after the other, and uses it, until the kernel says enough (a cgroup's limit);
 * gives up at 400 MiB where nobody does. */
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

int main(void) {
  for (int i = 0; i < 400; ++i) {
    char* const block = keep(malloc((size_t)1 << 20));
    if (block == NULL) return 4;
    memset(block, 1, (size_t)1 << 20);
  }
  say("nobody minds\n");
  return 3;
}
