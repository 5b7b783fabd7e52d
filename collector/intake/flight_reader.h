// What a process noted in its flight ring: large allocations and failures, oldest first. Those from
// before the recording are applied as such; of a process that runs idle it is read again and again,
// each time from where the last look ended.
#pragma once

#include <cstdint>

#include "collector/intake/tracked_process.h"

namespace memwatch::intake {

struct FlightLook {
  std::uint64_t after =
      0;                // the last entry that was applied before, as replay_flight() returned it
  double now = 0;       // seconds since the session's start: what the entries' ages count from
  bool is_last = true;  // false: an entry that is being written is waited for until the next look
};

// Returns the number of the last entry that is done with.
std::uint64_t replay_flight(const Segment& segment, TrackedProcess& process, FlightLook look);

}  // namespace memwatch::intake
