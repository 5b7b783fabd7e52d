// Which stacks held the heap at its peak, exactly: each process's share at the moment of its own
// peak. With several processes the shares add up to the sum of the peaks.
// Thread safety: as the selection's. Errors: none. Units: bytes, seconds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct PeakReport {
  Ranking by_share;
  const model::Process* largest = nullptr;  // the process with the largest peak
  std::size_t processes = 0;                // how many have a peak at all
  std::uint64_t sum_bytes = 0;              // of all peaks
};

PeakReport find_peak(const Selection& selection, std::size_t top);

}  // namespace memwatch::analysis
