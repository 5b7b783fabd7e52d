/* Every C allocation function failing, in every way it can: too large (ENOMEM), an overflowing
 * product (ENOMEM), a bad alignment (EINVAL). A failed realloc leaves the old block alive. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

/* Volatile, or the compiler warns of what is meant. */
static volatile size_t huge = (size_t)1 << 63;

static void failed(const char* function, const void* result) {
  say("%s: %s\n", function, result == NULL ? strerrorname_np(errno) : "succeeded");
  errno = 0;
}

static void failed_with(const char* function, int error) {
  say("%s: %s\n", function, error != 0 ? strerrorname_np(error) : "succeeded");
}

int main(void) {
  char* const stays = keep(malloc(50));
  memcpy(stays, "untouched", 10);
  void* none = NULL;
  failed("malloc", malloc(huge));
  failed("calloc overflow", calloc(huge, 4));
  failed("calloc", calloc(1, huge));
  failed("realloc", realloc(keep(stays), huge));
  failed("realloc of null", realloc(NULL, huge));
  failed("reallocarray overflow", reallocarray(keep(stays), huge, 4));
  failed("aligned_alloc", aligned_alloc(64, huge));
  failed("memalign", memalign(64, huge));
  failed("valloc", valloc(huge));
  failed("pvalloc", pvalloc(huge));
  failed_with("posix_memalign 24", posix_memalign(&none, 24, 100));
  failed_with("posix_memalign", posix_memalign(&none, 64, huge));
  say("%s\n", stays);
  return 0;
}
