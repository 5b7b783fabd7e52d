// What a process noted while nobody was listening: the large allocations and failures in its flight
// ring, oldest first, applied as events that happened before the recording.
#pragma once

#include "collector/intake/tracked_process.h"

namespace memwatch::intake {

void replay_flight(const Segment& segment, TrackedProcess& process);

}  // namespace memwatch::intake
