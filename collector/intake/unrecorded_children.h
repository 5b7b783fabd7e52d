// How many children of a process ran unrecorded, by reason, as they have counted themselves in its
// segment (shared/segment_layout.h, Unrecorded). Pure functions of a header that may be hostile:
// any number is possible.
#pragma once

#include <array>
#include <cstdint>

#include "shared/segment_layout.h"

namespace memwatch::intake {

using UnrecordedChildren = std::array<std::uint32_t, protocol::kUnrecordedReasons>;

// Those that were counted since `before`.
UnrecordedChildren unrecorded_children(const protocol::SegmentHeader& header,
                                       const UnrecordedChildren& before);

std::uint64_t sum_of(const UnrecordedChildren& children);

}  // namespace memwatch::intake
