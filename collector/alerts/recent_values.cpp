#include "collector/alerts/recent_values.h"

#include <algorithm>

namespace memwatch::alerts {

bool RecentValues::add(double at, double value) {
  if (!points_.empty() && at < points_.back().at + kSpacing) return false;
  if (points_.size() == kWindow) points_.erase(points_.begin());
  points_.push_back({at, value});
  return true;
}

std::optional<double> RecentValues::most_before(double now) const {
  std::size_t count = 0;
  double most = 0;
  for (const Point& point : points_) {
    if (point.at > now - kSpacing) break;
    most = std::max(most, point.value);
    ++count;
  }
  if (count < kLeastPoints) return std::nullopt;
  return most;
}

std::optional<double> RecentValues::slope() const {
  if (points_.size() < kLeastPoints) return std::nullopt;
  std::vector<double> slopes;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    for (std::size_t j = i + 1; j < points_.size(); ++j) {
      slopes.push_back((points_[j].value - points_[i].value) / (points_[j].at - points_[i].at));
    }
  }
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle;
}

}  // namespace memwatch::alerts
