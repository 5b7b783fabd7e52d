// What is alerted of, and how often: what memwatch.toml says of it, as plain data. Sizes in bytes,
// durations in seconds, shares from 0 to 1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/alerts/alert.h"

namespace memwatch::alerts {

// Of one process. A threshold that is not set is not looked at.
struct Rules {
  std::optional<std::uint64_t> heap, rss, external, growth_per_minute;
  std::optional<double> external_ratio;  // external memory, as a share of resident memory
  double hold = 5;                       // a threshold is exceeded for as long before it is told

  double pressure = 0.8;   // share of a cgroup's limit that is used
  double stall = 25;       // percent of time in which something waits for memory
  double spike_times = 2;  // by which the minute before is exceeded
  std::uint64_t spike_least = 64U << 20;
  double confidence = 70;    // percent, from which growth is told
  double growth_after = 60;  // seconds of a process's recording in which growth is not judged

  // Of large blocks: which events are told of.
  bool large_allocation = true, large_reallocation = true, large_release = false;
  std::array<bool, kTypeCount> enabled{true, true, true, true, true, true, true};
  // Seconds in which the same of the same process is told once.
  std::array<double, kTypeCount> cooldown{600, 600, 600, 600, 600, 300, 600};

  [[nodiscard]] bool wants(Type type) const { return enabled[static_cast<std::size_t>(type)]; }
  [[nodiscard]] bool wants_large(std::string_view event) const {
    if (event == "release") return large_release;
    return event == "reallocation" ? large_reallocation : large_allocation;
  }
  [[nodiscard]] double cooldown_of(Type type) const {
    return cooldown[static_cast<std::size_t>(type)];
  }

  bool operator==(const Rules&) const = default;
};

}  // namespace memwatch::alerts
