// Heap and RSS over time, thinned to a number of columns that fits a chart.
// A column keeps the largest value of the samples that fall into it, so that no peak disappears;
// a column without a sample repeats the one before it.
// Thread safety: pure function. Errors: none. Units: bytes, seconds since the session's start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::analysis {

struct TimelineColumn {
  double at = 0;  // where the column begins
  std::uint64_t live_bytes = 0, mapped_bytes = 0, rss = 0;
  double allocations_per_second = 0;
};

struct Timeline {
  std::vector<TimelineColumn> columns;
  double start = 0, end = 0;
  double process_start = 0;                               // what a reader counts from
  std::uint64_t largest_live_bytes = 0, largest_rss = 0;  // in the columns
  std::size_t samples = 0;                                // that it was made from
};

// No columns where the process has no samples.
Timeline make_timeline(const model::Process& process, std::size_t columns);

}  // namespace memwatch::analysis
