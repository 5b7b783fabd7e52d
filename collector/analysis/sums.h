// Sums over the selected processes: totals, losses, functions. The base of the summary and of
// everything that shows a process tree as one.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <array>
#include <cstdint>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct Sums {
  model::Totals totals;
  model::Losses losses;  // exact only if every process is
  std::array<model::FunctionTotals, kFunctionCount> functions{};
  std::uint64_t live_bytes = 0, live_blocks = 0;  // at the end of each process's recording
  std::uint64_t live_deviation = 0;  // standard deviation of live_bytes; 0 where they are exact
  std::uint64_t peak_bytes_sum = 0;  // peaks of different moments, added up
  std::uint64_t mapped_live_bytes = 0, mapped_peak_bytes = 0;
  double duration = 0;  // from the first start to the last end, seconds
};

Sums sum_processes(const Selection& selection);

// The process with the largest peak heap; null where there is no process.
const model::Process* largest_process(const Selection& selection);

}  // namespace memwatch::analysis
