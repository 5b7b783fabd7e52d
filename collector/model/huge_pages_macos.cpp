#include "collector/model/huge_pages.h"

namespace memwatch::model {

// They have to be asked for with the mapping there, and not at all on Apple's processors.
void prefer_huge_pages(void*, std::size_t) {}

}  // namespace memwatch::model
