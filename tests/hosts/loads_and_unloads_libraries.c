/* dlopen, three leaks, dlclose; then the same with a second library, which the loader likes to put
 * at the same place. usage: loads_and_unloads_libraries FIRST SECOND */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

typedef void (*Leak)(size_t);

static void leak_from(const char* path, const char* function, size_t size) {
  void* const library = dlopen(path, RTLD_NOW);
  require(library != NULL, "dlopen");
  Leak leak = NULL;
  void* const symbol = dlsym(library, function);
  require(symbol != NULL, "dlsym");
  memcpy(&leak, &symbol, sizeof leak);
  for (int i = 0; i < 3; ++i) leak(size);
  require(dlclose(library) == 0, "dlclose");
}

int main(int argc, char** argv) {
  require(argc == 3, "usage: loads_and_unloads_libraries FIRST SECOND");
  leak_from(argv[1], "leak_from_first", 777);
  leak_from(argv[2], "leak_from_second", 888);
  say("done\n");
  return 0;
}
