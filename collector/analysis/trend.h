// Trends in a short series of numbers, without assumptions about their distribution.
// Thread safety: pure functions. Errors: none; fewer than two points have no trend.
#pragma once

#include <array>
#include <vector>

namespace memwatch::analysis {

struct Points {
  std::vector<double> at, value;  // of equal length

  [[nodiscard]] std::size_t size() const { return at.size(); }
};

// How many standard deviations the number of rising pairs lies above that of a series without a
// trend, ties allowed for (Kendall, Rank Correlation Methods, 1975).
double mann_kendall(const Points& points);

struct Slope {
  double median = 0;
  std::array<double, 2> range{};  // 95 %
};
// Median of the slopes between all pairs (Theil 1950), interval by Sen 1968.
Slope theil_sen(const Points& points);

// The value below which the series never falls from here on.
std::vector<double> lower_envelope(const std::vector<double>& values);

// The deepest fall below an earlier value.
double deepest_fall(const std::vector<double>& values);

// The least of every `width` neighbours; groups are counted from the end, a rest at the start is
// left out.
Points troughs(const Points& points, std::size_t width);

}  // namespace memwatch::analysis
