// Where a stack's own story begins: at main or at the function a thread was started with. What lies
// outside of it (_start, __libc_start_main, start_thread, std::thread's and Rust's way of calling
// that function) is the same for every program and tells its reader nothing.
// Callers: renderers of text for people; lists for programs keep whole stacks.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <vector>

#include "collector/analysis/stack_text.h"

namespace memwatch::analysis {

// frames, innermost first, up to main or the thread's function. A stack that holds neither, such
// as that of a static constructor, comes back whole. A frame without a name that
// __libc_start_call_main called is given the name "main", which it must be.
std::vector<Frame> without_program_start(std::vector<Frame> frames);

}  // namespace memwatch::analysis
