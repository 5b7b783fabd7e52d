// Where allocations come from: the stacks with the most calls and those with the most bytes over
// the whole run, freed since or not.
// Thread safety: as the selection's. Errors: none.
#pragma once

#include <cstddef>

#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct HotspotReport {
  Ranking by_allocations;  // reallocations count as well
  Ranking by_bytes;
};

HotspotReport find_hotspots(const Selection& selection, std::size_t top);

}  // namespace memwatch::analysis
