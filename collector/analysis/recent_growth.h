// Does a size grow, judged from samples of it alone (a process's history)? The samples are put into
// at most sixty spans of equal length, of each the least counts, and judge_growth() judges that.
// Thread safety: pure. Errors: none; too few samples are not growing, confidence 0.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/analysis/growth.h"

namespace memwatch::analysis {

struct SizeAt {
  double at = 0;  // seconds
  std::uint64_t bytes = 0;
};

// Ascending by time.
GrowthVerdict judge_samples(const std::vector<SizeAt>& samples, Sensitivity sensitivity);

}  // namespace memwatch::analysis
