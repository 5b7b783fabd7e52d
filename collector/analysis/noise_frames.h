// Tells the plumbing of a stack (operator new, container internals, program start) from the code
// its reader wrote, so that renderers can dim it and name a stack after its first telling frame.
// Purely by name; a wrong guess costs a shade of grey, since noise is never hidden.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <span>

#include "collector/analysis/stack_text.h"

namespace memwatch::analysis {

bool is_noise(const Frame& frame);

// Index of the frame that says most about the stack: the first that is no noise and has a known
// function, preferring one with a source line; 0 where there is none.
std::size_t telling_frame(std::span<const Frame> frames);

}  // namespace memwatch::analysis
