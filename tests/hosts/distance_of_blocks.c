/* Prints how far apart two blocks of 64 bytes lie that were allocated one after the other: 80 with
 * libc, which puts a header in front of each, 64 with allocators that keep sizes elsewhere. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(void) {
  for (int i = 0; i < 100; ++i) keep(malloc(64)); /* past what earlier frees have left */
  const uintptr_t first = (uintptr_t)keep(malloc(64));
  const uintptr_t second = (uintptr_t)keep(malloc(64));
  say("%ld\n", (long)(second > first ? second - first : first - second));
  return 0;
}
