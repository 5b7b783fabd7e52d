/* Finds a library by its own RUNPATH, $ORIGIN/apart: dlopen looks at who calls it, so a tracer that
 * stands in between would break this. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

int main(void) {
  void* const library = dlopen("libleaking_apart.so", RTLD_NOW);
  require(library != NULL, "dlopen by RUNPATH");
  void (*leak)(size_t) = NULL;
  void* const symbol = dlsym(library, "leak_from_apart");
  require(symbol != NULL, "dlsym");
  memcpy(&leak, &symbol, sizeof leak);
  for (int i = 0; i < 5; ++i) leak(99);
  say("done\n");
  return 0;
}
