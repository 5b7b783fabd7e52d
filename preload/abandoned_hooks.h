// Hooks that never come back: a signal handler interrupts one and leaves by longjmp, past it. The
// thread's counters would say for ever that it is still at work (its later events would go to the
// rings for deeper interruptions and, from the fifth time on, be lost). So the longjmp functions
// are hooked; nearly always that is one look at three counters. If a hook is under way, the stack
// is walked to see whether the jump leaves it. Nothing of this costs the hooks anything.
#pragma once

#include <cstdint>

#include "preload/thread_local_state.h"
#include "preload/walk_stack.h"

namespace memwatch::preload {

// Any hook of this thread that is interrupted, or calls the program back?
inline bool is_hook_under_way() {
  return (t_state.depth | t_state.passing_through | t_state.own_work) != 0;
}

// Before a jump to the frame with this stack pointer. `site`: the call of longjmp.
void leave_abandoned_hooks(const CallSite& site, std::uintptr_t target_sp);

}  // namespace memwatch::preload
