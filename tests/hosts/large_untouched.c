/* Allocations beyond the threshold of large ones (1 GiB) that are never touched: alerts, no memory.
 * One is freed, one stays; a third, just below the threshold, is no large one. */
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(void) {
  const size_t mebibyte = (size_t)1 << 20;
  void* const freed = keep(malloc(1536 * mebibyte));
  require(freed != NULL, "1.5 GiB");
  free(freed);
  require(keep(calloc(1280, mebibyte)) != NULL, "1.25 GiB");
  require(keep(malloc(1023 * mebibyte)) != NULL, "1023 MiB");
  say("done\n");
  return 0;
}
