// A stack as indented lines `function   file:line`, the caller of the allocation first.
//
// What repeats itself is folded, and says so: several frames of plumbing in a row become the one
// that the reader's code called, several frames without a name become the innermost. A stack ends
// at main or at the thread's function. One that is still too long keeps its innermost frames, its
// telling frame and its outermost one. With lines = 0 every frame is shown as it was recorded.
// Thread safety: read-only. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "tools/render/page.h"

namespace memwatch::render {

struct StackLayout {
  std::size_t indent = 6;
  std::size_t lines = 10;  // at most; 0 all, unfolded
};

std::vector<std::string> stack_lines(const Page& page, const model::Session& session,
                                     model::StackId stack, const StackLayout& layout);

// "table.cpp:33", else the module in brackets "(libfoo.so)", else "".
std::string frame_place(const analysis::Frame& frame);

// The telling frame of a stack on one line: "load_table (table.cpp:33)"; "an unknown place"
// without.
std::string stack_headline(const model::Session& session, model::StackId stack, std::size_t width);
std::string frames_headline(const std::vector<analysis::Frame>& frames, std::size_t width);

}  // namespace memwatch::render
