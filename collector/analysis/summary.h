// The most useful facts of a session in one struct: what the summary view and the end of a run
// show. Thread safety: as the selection's. Errors: none. Units: bytes, seconds. Points into the
// session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "collector/analysis/coverage.h"
#include "collector/analysis/failures.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/peak.h"
#include "collector/analysis/selection.h"
#include "collector/analysis/sums.h"

namespace memwatch::analysis {

struct Summary {
  Sums sums;
  const model::Process* root = nullptr;      // the first process of the selection, and how it
  const model::Process* root_end = nullptr;  // ended: its last image, if exec replaced the first
  std::size_t pids = 0;  // processes as the system counts them: the images of one are one
  const model::Process* largest = nullptr;  // the one with the largest peak
  LeakReport leaks;
  PeakReport peak;
  FailureReport failures;
  const model::Process* resident = nullptr;  // the one with the largest RSS that was sampled
  std::optional<Coverage> coverage;          // of that one
  bool sampled = false;                      // some process was sampled: its numbers are estimates
  bool idle = false;                         // some process was only counted, without stacks
  bool complete = true;  // false: what came after the last checkpoint is missing
};

// top: how many stacks the rankings in it keep.
Summary summarize(const Selection& selection, std::size_t top);

}  // namespace memwatch::analysis
