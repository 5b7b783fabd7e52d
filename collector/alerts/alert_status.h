// What is shown of alerts besides themselves: what was held back, and how those fare who are told.
// Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collector/alerts/alert.h"
#include "collector/alerts/limiter.h"

namespace memwatch::alerts {

// One way to tell somebody, since the daemon's start.
struct ChannelState {
  std::string name;  // "webhook"
  std::uint64_t delivered = 0, failed = 0;
  std::size_t waiting = 0;
  std::string trouble;  // why the last delivery or test failed; "" it did not
  std::vector<std::pair<Type, double>> volumes{};  // of sound alone
};

struct AlertStatus {
  std::vector<Alert> active;  // oldest first
  std::size_t per_hour = 0, in_last_hour = 0;
  std::vector<Suppressed> suppressed;  // since the daemon's start, the latest first
  std::uint64_t suppressed_in_all = 0;
  std::vector<ChannelState> channels;
};

}  // namespace memwatch::alerts
