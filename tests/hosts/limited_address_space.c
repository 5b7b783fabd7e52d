/* The program limits its own address space and allocates until nothing is left. How many calls
 * succeed depends on the machine; that one fails, and that the program copes, does not. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/hosts/host.h"

static size_t address_space_in_use(void) {
  char text[128] = {0};
  FILE* const statm = fopen("/proc/self/statm", "r");
  require(statm != NULL && fgets(text, sizeof text, statm) != NULL, "statm");
  fclose(statm);
  return strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

int main(void) {
  const size_t limit = address_space_in_use() + ((size_t)64 << 20);
  const struct rlimit limits = {limit, limit};
  require(setrlimit(RLIMIT_AS, &limits) == 0, "setrlimit");
  int succeeded = 0;
  while (succeeded < 1000 && keep(malloc((size_t)4 << 20)) != NULL) ++succeeded;
  say("%s\n", succeeded > 0 && succeeded < 1000 ? "ran out" : "did not run out");
  void* const small = keep(malloc(24));
  say("%s\n", small != NULL ? "small blocks still work" : "nothing works");
  return 0;
}
