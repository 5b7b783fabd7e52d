// A timeline that stays small however long the program runs: when it is full, neighbouring samples
// are merged, so it always covers the whole run, at half the resolution. Of two merged samples the
// one with the larger resident set stays, so that peaks do not vanish.
#pragma once

#include <cstddef>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::model {

class Timeline {
 public:
  static constexpr std::size_t kMaxSamples = 2048;

  // Is it time for a sample, `seconds` after the session's start? Spacing grows as samples merge.
  [[nodiscard]] bool is_due(double seconds) const { return seconds >= next_at_; }

  // Sets the spacing wanted at the start.
  explicit Timeline(double interval_seconds) : interval_(interval_seconds) {}

  void add(std::vector<TimelineSample>& samples, const TimelineSample& sample);

 private:
  double interval_;
  double next_at_ = 0;
};

}  // namespace memwatch::model
