/* See library_lives_longer.c. The loader starts what a program needs before what was preloaded,
 * and ends it in the opposite order. */
#include <stdlib.h>

#include "tests/hosts/host.h"

__attribute__((visibility("default"))) void live_longer(void);
void live_longer(void) {}

__attribute__((constructor)) static void begin(void) {
  keep(malloc(808));
}

__attribute__((destructor)) static void end(void) {
  keep(malloc(909));
}
