/* Sizes of zero: malloc(0) and calloc of nothing are blocks of 0 bytes, realloc(p, 0) frees p and
 * returns null (glibc), free(NULL) counts nowhere. One block of 0 bytes stays. */
#include <stdlib.h>

#include "tests/hosts/host.h"

int main(void) {
  void* nothing = keep(malloc(0));
  void* no_items = keep(calloc(0, 8));
  void* stays = keep(realloc(NULL, 0));
  say("%d %d %d\n", nothing != NULL, no_items != NULL, stays != NULL);
  free(NULL);
  free(NULL);
  free(no_items);
  void* const first = realloc(nothing, 0);
  void* const second = realloc(keep(malloc(32)), 0);
  void* const third = reallocarray(keep(malloc(16)), 0, 8);
  say("%d %d %d\n", first == NULL, second == NULL, third == NULL);
  return 0;
}
