// What a process noted in its flight ring: large allocations and failures, oldest first. Those from
// before the recording are applied as such; of a process that runs idle it is read again and again,
// each time from where the last look ended.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/intake/tracked_process.h"

namespace memwatch::intake {

// An entry of the flight ring, as it was told; only its function was checked.
struct FlightEvent {
  std::uint64_t ticket = 0;
  std::uint64_t size = 0, at_ms = 0, address = 0;
  std::uint32_t stack = 0, tid = 0, function = 0, error_number = 0;
};

// Those that are complete at the moment, oldest first.
std::vector<FlightEvent> whole_events(const Segment& segment);

struct FlightLook {
  std::uint64_t after =
      0;                // the last entry that was applied before, as replay_flight() returned it
  double start = 0;     // of the session, in seconds of CLOCK_MONOTONIC, as the entries tell theirs
  bool is_last = true;  // false: an entry that is being written is waited for until the next look
};

// Returns the number of the last entry that is done with.
std::uint64_t replay_flight(const Segment& segment, TrackedProcess& process, FlightLook look);

}  // namespace memwatch::intake
