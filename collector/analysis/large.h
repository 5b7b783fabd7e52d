// Single allocations above the session's large-allocation threshold, largest first.
// Thread safety: as the selection's. Errors: none. Rows point into the session.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct LargeRow {
  const model::Process* process = nullptr;
  const model::LargeAllocation* allocation = nullptr;
};

struct LargeReport {
  std::vector<LargeRow> rows;
  std::uint64_t total = 0;            // counted; rows hold the first kMaxLargeEvents per process
  std::uint64_t threshold_bytes = 0;  // as the session was recorded
};

LargeReport find_large(const Selection& selection);

}  // namespace memwatch::analysis
