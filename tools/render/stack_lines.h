// A stack as indented lines `function   file:line`, the caller of the allocation first. Plumbing is
// dimmed, never dropped; a long stack keeps its inner part and its outermost frames.
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
  std::size_t lines = 10;              // at most; 0 all
  bool without_leading_noise = false;  // leave out the plumbing between the allocator and the code
};

std::vector<std::string> stack_lines(const Page& page, const model::Session& session,
                                     model::StackId stack, const StackLayout& layout);

// "table.cpp:33", else the module in brackets "(libfoo.so)", else "".
std::string frame_place(const analysis::Frame& frame);

// The telling frame of a stack on one line: "load_table (table.cpp:33)"; "an unknown place"
// without.
std::string stack_headline(const model::Session& session, model::StackId stack, std::size_t width);

}  // namespace memwatch::render
