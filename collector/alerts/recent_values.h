// The last minute of one figure: 20 points, three seconds apart, and what they say. Bounded, cheap.
// Times in seconds of a steady clock. One owner.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace memwatch::alerts {

class RecentValues {
 public:
  static constexpr std::size_t kWindow = 20, kLeastPoints = 5;
  static constexpr double kSpacing = 3;

  // True: a new point was taken; what comes sooner than kSpacing after the last one is passed over.
  bool add(double at, double value);

  // The most that was seen in points at least kSpacing old; none before there are kLeastPoints.
  [[nodiscard]] std::optional<double> most_before(double now) const;

  // The median of the slopes between all pairs of points (Theil 1950, Sen 1968), in units per
  // second: one outlier changes nothing. None before there are kLeastPoints.
  [[nodiscard]] std::optional<double> slope() const;

 private:
  struct Point {
    double at, value;
  };
  std::vector<Point> points_;  // oldest first
};

}  // namespace memwatch::alerts
