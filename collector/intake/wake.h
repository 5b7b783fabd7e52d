// Wakes who sleeps in another process on a word of shared memory; a twin for each system.
#pragma once

#include <cstdint>

#include "shared/segment_layout.h"

namespace memwatch::intake {

// After the word was changed.
void wake_waiters(protocol::Shared<std::uint32_t>& word);

}  // namespace memwatch::intake
