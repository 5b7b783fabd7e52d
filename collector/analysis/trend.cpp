#include "collector/analysis/trend.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace memwatch::analysis {

namespace {

// Of the sum of signs over all pairs.
double variance_of_pairs(const std::vector<double>& values) {
  const auto weight = [](double n) { return n * (n - 1) * (2 * n + 5); };
  std::map<double, double> equal;
  for (const double value : values) ++equal[value];
  double sum = weight(static_cast<double>(values.size()));
  for (const auto& [value, count] : equal) sum -= weight(count);
  return sum / 18;
}

}  // namespace

double mann_kendall(const Points& points) {
  double pairs = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      pairs += (points.value[j] > points.value[i]) - (points.value[j] < points.value[i]);
    }
  }
  const double variance = variance_of_pairs(points.value);
  if (pairs == 0 || !(variance > 0)) return 0;
  return (pairs > 0 ? pairs - 1 : pairs + 1) / std::sqrt(variance);
}

Slope theil_sen(const Points& points) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      const double time = points.at[j] - points.at[i];
      if (time > 0) slopes.push_back((points.value[j] - points.value[i]) / time);
    }
  }
  if (slopes.empty()) return {};
  std::sort(slopes.begin(), slopes.end());
  const std::size_t count = slopes.size();
  Slope slope;
  slope.median =
      count % 2 == 1 ? slopes[count / 2] : (slopes[count / 2 - 1] + slopes[count / 2]) / 2;
  const double half_width = 1.96 * std::sqrt(variance_of_pairs(points.value)) / 2;
  const double middle = static_cast<double>(count) / 2;
  const auto clamped = [&](double index) {
    return static_cast<std::size_t>(std::clamp(index, 0.0, static_cast<double>(count - 1)));
  };
  slope.range = {slopes[clamped(middle - half_width)], slopes[clamped(middle + half_width)]};
  return slope;
}

std::vector<double> lower_envelope(const std::vector<double>& values) {
  std::vector<double> envelope = values;
  for (std::size_t i = envelope.size(); i > 1; --i) {
    envelope[i - 2] = std::min(envelope[i - 2], envelope[i - 1]);
  }
  return envelope;
}

double deepest_fall(const std::vector<double>& values) {
  double highest = 0, fall = 0;
  for (const double value : values) {
    highest = std::max(highest, value);
    fall = std::max(fall, highest - value);
  }
  return fall;
}

Points troughs(const Points& points, std::size_t width) {
  Points result;
  const std::size_t rest = points.size() % width;
  for (std::size_t i = rest; i < points.size(); i += width) {
    const auto from = points.value.begin() + static_cast<std::ptrdiff_t>(i);
    result.value.push_back(*std::min_element(from, from + static_cast<std::ptrdiff_t>(width)));
    result.at.push_back(points.at[i + width - 1]);
  }
  return result;
}

}  // namespace memwatch::analysis
