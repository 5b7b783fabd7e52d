/* A library that leaks and is gone before the end; built under two names, so that the second may be
 * loaded where the first was and their symbols must still be told apart. */
#include <stdlib.h>

#include "tests/hosts/host.h"

__attribute__((visibility("default"), noinline)) void LEAK_FUNCTION(size_t size);
void LEAK_FUNCTION(size_t size) {
  keep(malloc(size)); /* the library leaks here */
  __asm__ volatile("");
}
