#include <sys/mman.h>

#include "collector/model/huge_pages.h"

namespace memwatch::model {

void prefer_huge_pages(void* start, std::size_t bytes) {
  madvise(start, bytes, MADV_HUGEPAGE);
}

}  // namespace memwatch::model
