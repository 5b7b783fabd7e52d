#include "collector/analysis/recent_growth.h"

#include <algorithm>
#include <cmath>

namespace memwatch::analysis {

GrowthVerdict judge_samples(const std::vector<SizeAt>& samples, Sensitivity sensitivity) {
  constexpr std::size_t kMostSpans = 60;
  if (samples.size() < 2 || !(samples.back().at > samples.front().at)) return {};
  GrowthSeries series;
  series.start = samples.front().at;
  series.end = samples.back().at;
  const std::size_t spans = std::min(kMostSpans, samples.size() - 1);
  const double length = (series.end - series.start) / static_cast<double>(spans);
  for (const SizeAt& sample : samples) {
    const auto bytes = static_cast<double>(sample.bytes);
    // Spans without a sample are left out.
    if (series.at.empty() || sample.at > series.at.back()) {
      const double passed = (sample.at - series.start) / length;
      const double span = std::min(static_cast<double>(spans), std::max(1.0, std::ceil(passed)));
      series.at.push_back(series.start + span * length);
      series.least.push_back(bytes);
    } else {
      series.least.back() = std::min(series.least.back(), bytes);
    }
  }
  return judge_growth(series, sensitivity);
}

}  // namespace memwatch::analysis
