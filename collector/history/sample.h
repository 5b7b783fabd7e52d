// A moment of a process, and an alert, as they are kept. Plain data; sizes in bytes, times in
// milliseconds since the Unix epoch.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/alerts/alert.h"

namespace memwatch::history {

// Which process. Pids repeat, and start ticks do with each boot; together they do not.
struct ProcessKey {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::string name;

  bool operator==(const ProcessKey&) const = default;
};

// Of a moment, or (span_ms) of a time in which sizes are means, their greatest values are kept, and
// counts are those at its end.
struct Sample {
  std::int64_t time_ms = 0;
  std::int64_t span_ms = 1000;
  std::uint64_t rss = 0, rss_max = 0;
  std::optional<std::uint64_t> live, live_max;           // traced heap, where it is known
  std::uint64_t allocations = 0, large = 0, failed = 0;  // cumulative
};

struct ProcessSample {
  ProcessKey process;
  Sample sample;
};

// What is asked for: samples from `since_ms` on, the latest `count` of them, oldest first.
struct Question {
  std::optional<pid_t> pid;
  std::optional<std::string> name;
  std::int64_t since_ms = 0;
  std::uint64_t count = 1000;
};

enum class AlertState : std::uint8_t { all, active, resolved };

// Alerts that were raised from `since_ms` on, the latest `count` of them, oldest first.
struct AlertQuestion {
  AlertState state = AlertState::all;
  std::int64_t since_ms = 0;
  bool with_older_active = false;  // whenever they were raised
  std::uint64_t count = 1000;
};

struct KeptAlert {
  alerts::Alert alert;
  bool is_of_this_boot = false;  // so that its pid and start ticks still mean something
};

}  // namespace memwatch::history
