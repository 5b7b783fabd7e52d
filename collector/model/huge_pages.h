// A twin for each system.
#pragma once

#include <cstddef>

namespace memwatch::model {

// For memory that is mapped and not yet touched. The system may say no: then the pages are small.
void prefer_huge_pages(void* start, std::size_t bytes);

}  // namespace memwatch::model
