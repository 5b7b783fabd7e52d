// The stack of an event, as a node of the stack tree. Costs what has changed since the thread's
// last event: frames that are still the same are recognised and not walked again. Any thread, any
// signal handler (a handler that interrupts a capture uses another ring); no lock, no allocation,
// no system call once a stack is known.
#pragma once

#include <cstdint>

#include "preload/thread_ring.h"
#include "preload/walk_stack.h"

namespace memwatch::preload {

// The innermost node of the stack that ends in this call site, by the unwinder the user asked for.
// 0: no node could be had. Stacks that are cut off end in protocol::kTruncatedNode and are counted.
std::uint32_t capture_stack(ThreadRing& ring, const CallSite& site);

// The same by the built-in walker. Afterwards ring.memo holds the frames, outermost first.
std::uint32_t capture_stack_builtin(ThreadRing& ring, const CallSite& site);

}  // namespace memwatch::preload
