// Tells the plumbing of a stack (operator new, containers, the C and C++ libraries, program start)
// from the code its reader wrote, so that renderers can dim and fold it and name a stack after its
// first telling frame.
// By name, source file and library; a wrong guess costs a shade of grey, since folding always says
// how much it folded and `--frames 0` shows everything.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <span>

#include "collector/analysis/stack_text.h"

namespace memwatch::analysis {

bool is_noise(const Frame& frame);

// libc, libstdc++, the loader and their like, by the library's file name.
bool is_runtime_library(std::string_view path);

// Index of the frame that says most about the stack: the first that is no noise and has a known
// function, preferring one with a source line; else the first that is no noise; 0 where there is
// none.
std::size_t telling_frame(std::span<const Frame> frames);

}  // namespace memwatch::analysis
