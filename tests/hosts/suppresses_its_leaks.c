// Brings suppressions of its own, as programs that are also built with LeakSanitizer do: of the
// blocks it loses, 1201 and the 1202 that it holds are known, 1303 is not. With the argument
// "reachable" a global keeps 1201, which then is no leak and needs no suppression.
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

const char* __lsan_default_suppressions(void);
const char* __lsan_default_suppressions(void) {
  return "# known\n"
         "leak:lose_known\n"
         "leak:never_called\n";
}

void* g_kept;

HOST_NOINLINE static void lose_known(int keep_it) {
  void** head = keep(calloc(1, 1201));
  require(head != NULL, "calloc");
  *head = keep(calloc(1, 1202));
  if (keep_it) g_kept = head;
}

HOST_NOINLINE static void lose_unknown(void) {
  require(keep(calloc(1, 1303)) != NULL, "calloc");
}

HOST_NOINLINE static void scrub(void) {
  char remains[16384];
  memset(remains, 0, sizeof remains);
  keep(remains);
}

int main(int argc, char** argv) {
  lose_known(argc > 1 && strcmp(argv[1], "reachable") == 0);
  lose_unknown();
  scrub();
  return 0;
}
