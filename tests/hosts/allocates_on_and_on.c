/* Says "a" for each 200 000 blocks that it allocates and frees, until nobody listens. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/hosts/host.h"

int main(void) {
  do {
    for (int i = 0; i < 200000; ++i) free(keep(malloc(24)));
  } while (write(1, "a\n", 2) == 2);
  return 0;
}
