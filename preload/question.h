// How a thread asks the collector something through the segment: questions of one kind are asked
// one at a time, the collector is woken, and the wait for its answer is bounded. Any thread, not in
// a sandbox (system calls); errno is the caller's to keep.
#pragma once

#include <cstdint>

#include "shared/segment_layout.h"

namespace memwatch::preload {

// Another thread's question is answered first. False: it takes too long. The caller gives the turn
// back by storing 0 (release).
bool take_turn(protocol::Shared<std::uint32_t>& owner, std::uint32_t tid);

// After the question was written: wakes the collector and waits until the answer to this number is
// there, at most 10 seconds, or one without a sign of life.
bool await_answer(const protocol::SegmentHeader& header,
                  const protocol::Shared<std::uint32_t>& answered, std::uint32_t number);

}  // namespace memwatch::preload
