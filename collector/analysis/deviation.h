// Errors of estimated bytes, as standard deviations; 0 where a figure is exact.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cmath>
#include <cstdint>

#include "collector/analysis/cost.h"

namespace memwatch::analysis {

// Of the sum of two independent estimates.
inline std::uint64_t combined_deviation(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(
      std::llround(std::hypot(static_cast<double>(a), static_cast<double>(b))));
}

inline void add_deviation(std::uint64_t& sum, std::uint64_t part) {
  if (part > 0) sum = combined_deviation(sum, part);
}

// Of cost_of(); 0 for counts, which have no error bars.
inline std::uint64_t deviation_of(const model::Site& site, Cost cost) {
  if (cost == Cost::leaked || cost == Cost::live) return site.live_deviation;
  if (cost == Cost::peak) return site.peak_deviation;
  return cost == Cost::allocated ? site.allocated_deviation : 0;
}

// Half the width of the interval that holds the true figure in 95 of 100 cases.
inline std::uint64_t error_bar(std::uint64_t deviation) {
  return static_cast<std::uint64_t>(std::llround(1.96 * static_cast<double>(deviation)));
}

}  // namespace memwatch::analysis
