/* Partial unmaps, a hole unmapped twice, a MAP_FIXED overlay, mremap up and down, lengths that are
 * no whole pages: the mapped total changes by the bytes really mapped and unmapped. */
#include <sys/mman.h>

#include "tests/hosts/host.h"

static const size_t kPage = 4096;

static char* map(char* where, size_t length, int more_flags) {
  char* const start =
      mmap(where, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | more_flags, -1, 0);
  require(start != MAP_FAILED, "mmap");
  return start;
}

static void unmap(char* start, size_t length) {
  require(munmap(start, length) == 0, "munmap");
}

int main(void) {
  char* const holed = map(NULL, 10 * kPage, 0);
  unmap(holed + 2 * kPage, 3 * kPage);
  unmap(holed, 10 * kPage); /* 7 pages of it are still there */

  char* const overlaid = map(NULL, 8 * kPage, 0);
  map(overlaid + 2 * kPage, 4 * kPage, MAP_FIXED);

  char* moved = map(NULL, 5 * kPage, 0);
  moved = mremap(moved, 5 * kPage, 12 * kPage, MREMAP_MAYMOVE);
  require(moved != MAP_FAILED, "mremap up");
  require(mremap(moved, 12 * kPage, 2 * kPage, 0) == moved, "mremap down");

  map(NULL, 100, 0); /* one page */
  char* const odd = mmap64(NULL, 5000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(odd != MAP_FAILED, "mmap64");
  unmap(odd, 5000); /* two pages */
  say("done\n");
  return 0;
}
