// What the collector uses to have a copy-on-write twin of this process made for a leak check while
// the process goes on (shared/twin_call.h). Nothing of it runs unless the collector sends a thread
// there. A twin per system and processor; where there is none the collector copies memory instead.
#pragma once

#include <cstdint>

namespace memwatch::preload {

// Of the protocol's TwinCall; 0: there is none.
std::uint64_t twin_call_address();

// Before an exec, which would leave the twin to a program that knows nothing of it: ends it, and
// waits for that, 200 ms at most. Costs a load where there is none. Any thread; makes system calls,
// so not in a sandbox.
void end_twin();

}  // namespace memwatch::preload
