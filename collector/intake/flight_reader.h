// What a process noted while nobody was listening: the large allocations and failures in its flight
// ring, oldest first, applied as events that happened before the recording.
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

void replay_flight(const Segment& segment, TrackedProcess& process);

}  // namespace memwatch::intake
