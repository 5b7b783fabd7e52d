/* A million blocks allocated and freed as fast as it goes, then a thousand kept: with --on-full
 * block nothing is lost however slow the collector is. */
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(void) {
  for (int i = 0; i < 1000000; ++i) free(keep(malloc((size_t)(i % 512))));
  for (int i = 0; i < 1000; ++i) keep(malloc(10));
  say("done\n");
  return 0;
}
