// What the engine is told: processes as they are at a moment, events as they happen, and the moment
// itself. Plain data. Sizes in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "collector/alerts/alert.h"

namespace memwatch::alerts {

// Intervals are measured by `steady`, seconds of a clock that never jumps; `wall_ms` is for show.
struct Moment {
  double steady = 0;
  std::int64_t wall_ms = 0;
};

// Of a process's heap, as collector/analysis judges it.
struct Growth {
  std::uint64_t round = 0;  // of the judgement; the same number is the same judgement
  std::string pattern;      // stable, linear, exponential, spike, leak
  unsigned confidence = 0;  // percent
  std::size_t sites = 0;    // that grow
  double bytes_per_second = 0, duration = 0;
  std::string severity;  // none, low, medium, high, critical
  std::string advice;    // a sentence
  std::string limit;     // the nearest: "cgroup", "RLIMIT_AS"; "" none
  std::array<double, 2> seconds_to_limit{};
};

struct Observation {
  ProcessKey process;
  double watched_for = 0;  // seconds
  double fresh_for = 15;   // seconds after which a process that is not seen again is gone
  std::uint64_t rss = 0;
  std::optional<std::uint64_t> heap;  // traced; where it is followed
  bool heap_is_partial = false;       // what was allocated before is not known
  std::uint64_t failed = 0;           // calls, cumulative
  std::optional<Growth> growth;       // of the last judgement
};

// Of a memory cgroup, or (subject "machine") of the machine: they are no process's own.
struct PressureObservation {
  std::string subject;                // directory of the cgroup, or "machine"
  ProcessKey largest;                 // of the watched processes in it
  std::uint64_t used = 0, limit = 0;  // without what can be dropped; limit 0: none
  std::optional<double> stall;        // percent of the last ten seconds
};

// A large allocation, or one that failed.
struct Incident {
  Type type = Type::large;
  ProcessKey process;
  std::string function;
  std::string event = "allocation";  // allocation, reallocation, release
  std::uint64_t size = 0;
  int error_number = 0;
  std::string error_name;
  std::uint32_t tid = 0;
};

}  // namespace memwatch::alerts
