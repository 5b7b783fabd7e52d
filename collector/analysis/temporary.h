// Blocks freed by the thread that made them before it made another: work that a stack variable, a
// reused buffer or a reserve() would save.
// Thread safety: as the selection's. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct TemporaryReport {
  Ranking by_count;
  std::uint64_t allocations = 0;  // all of the selected processes, to compare with
};

TemporaryReport find_temporary(const Selection& selection, std::size_t top);

}  // namespace memwatch::analysis
