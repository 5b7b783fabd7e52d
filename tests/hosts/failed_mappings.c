/* mmap, mremap, brk and sbrk failing, which counts, and munmap failing, which does not. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

static void failed(const char* function, int is_failure) {
  say("%s: %s\n", function, is_failure ? strerrorname_np(errno) : "succeeded");
}

int main(void) {
  const size_t beyond = (size_t)1 << 56;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const page = mmap(NULL, 4096, PROT_READ, flags, -1, 0);
  require(page != MAP_FAILED, "a page");
  failed("mmap of nothing", mmap(NULL, 0, PROT_READ, flags, -1, 0) == MAP_FAILED);
  failed("mmap too large", mmap(NULL, beyond, PROT_READ, flags, -1, 0) == MAP_FAILED);
  failed("mmap64 of no file", mmap64(NULL, 4096, PROT_READ, MAP_PRIVATE, 999, 0) == MAP_FAILED);
  failed("mremap", mremap(page, 4096, beyond, MREMAP_MAYMOVE) == MAP_FAILED);
  failed("brk", brk((void*)(uintptr_t)beyond) != 0);
  failed("sbrk", sbrk((intptr_t)beyond) == (void*)-1);
  failed("munmap", munmap((char*)page + 1, 4096) != 0);
  return 0;
}
