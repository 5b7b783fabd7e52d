// How large the allocations were: the histogram of requested sizes, empty ends cut off.
// Thread safety: pure function. Errors: none. Units: bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct SizeRow {
  std::uint64_t from = 0, to = 0;  // sizes in this row: from ≤ size ≤ to
  std::uint64_t allocations = 0, bytes = 0;
  double share = 0;             // of all allocations, 0 to 1
  std::uint64_t deviation = 0;  // standard deviation of bytes; 0 where they are exact
};

struct SizeReport {
  std::vector<SizeRow> rows;  // small to large, none that is empty
  std::uint64_t allocations = 0, bytes = 0, deviation = 0;
};

SizeReport find_sizes(const Selection& selection);

}  // namespace memwatch::analysis
