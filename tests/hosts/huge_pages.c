/* Huge pages: transparent ones asked for by madvise under a large aligned block, and MAP_HUGETLB
 * where the machine has any, whose lengths the kernel rounds to 2 MiB. usage: huge_pages [there
 * are] */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

#define HUGE ((size_t)2 << 20)

int main(int argc, char** argv) {
  (void)argv;
  void* const block = keep(aligned_alloc(HUGE, 4 * HUGE));
  require(block != NULL, "aligned_alloc");
  (void)madvise(block, 4 * HUGE, MADV_HUGEPAGE);
  memset(block, 1, 4 * HUGE);
  free(block);
  char* const pages =
      mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(pages != MAP_FAILED, "mmap");
  (void)madvise(pages, 3 * HUGE, MADV_HUGEPAGE);
  memset(pages, 1, 3 * HUGE);
  require(munmap(pages + HUGE, HUGE) == 0, "a part of it");
  void* const tlb =
      mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  if (tlb != MAP_FAILED) {
    memset(tlb, 1, HUGE);
    require(munmap(tlb, HUGE) == 0, "munmap of huge pages");
  }
  if (argc > 1) { /* there are some: a short length takes a whole page, which stays */
    require(tlb != MAP_FAILED, "huge pages");
    void* const kept =
        mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    require(kept != MAP_FAILED, "a page for a short length");
    memset(kept, 1, HUGE);
  }
  say("done\n");
  return 0;
}
