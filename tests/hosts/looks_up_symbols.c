/* dlsym, dlvsym, dlopen and dlerror, with and without success: the loader allocates and frees its
 * messages through the program's malloc, from inside functions that a tracer calls itself. What the
 * program reads from dlerror() is its own mistakes only. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

static void say_error(void) {
  const char* const error = dlerror();
  say("%s\n", error == NULL ? "no error" : strrchr(error, ':') + 1);
}

int main(void) {
  say_error();
  for (int i = 0; i < 200; ++i) {
    require(dlsym(RTLD_DEFAULT, "malloc") != NULL, "malloc");
    require(dlsym(RTLD_DEFAULT, "no_such_symbol") == NULL, "no such symbol");
    require(dlvsym(RTLD_DEFAULT, "malloc", "NO_SUCH_VERSION") == NULL, "no such version");
    require(dlopen("/no/such/library.so", RTLD_NOW) == NULL, "no such library");
    if (i % 50 == 0) say_error();
    free(keep(malloc(33)));
  }
  void* (*allocate)(size_t) = NULL;
  void* const symbol = dlsym(RTLD_DEFAULT, "malloc");
  memcpy(&allocate, &symbol, sizeof allocate);
  keep(allocate(44));
  say_error();
  return 0;
}
