/* A successful allocation or free leaves errno as it was, traced or not. Large and small sizes,
 * many times, so that the tracer's rare paths (new ring memory, new stack nodes) are taken as well.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

static void unchanged(const char* what) {
  require(errno == 77, what);
  errno = 77;
}

HOST_NOINLINE static void at_depth(int depth, size_t size) {
  if (depth > 0) {
    at_depth(depth - 1, size);
    __asm__ volatile("");
    return;
  }
  void* block = keep(malloc(size));
  unchanged("errno after malloc");
  block = keep(realloc(block, size * 2));
  unchanged("errno after realloc");
  free(block);
  unchanged("errno after free");
  free(keep(calloc(2, size)));
  unchanged("errno after calloc and free");
  void* aligned = NULL;
  require(posix_memalign(&aligned, 256, size) == 0, "posix_memalign failed");
  unchanged("errno after posix_memalign");
  free(aligned);
  void* const pages = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unchanged("errno after mmap");
  munmap(pages, size);
  unchanged("errno after munmap");
}

int main(void) {
  errno = 77;
  for (int i = 0; i < 2000; ++i) at_depth(i % 50, 1 + (size_t)(i % 7) * 40000);
  say("errno kept\n");
  return 0;
}
