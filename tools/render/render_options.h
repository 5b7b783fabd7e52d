// How text is laid out; decided by the command line (tools/cli), never by the renderers themselves.
#pragma once

#include <cstddef>

#include "collector/analysis/growth.h"

namespace memwatch::render {

struct RenderOptions {
  bool color = false;
  std::size_t width = 100;  // columns
  std::size_t top = 10;     // rows or stacks that a view shows; 0 all
  std::size_t frames = 10;  // lines that a stack may take; 0 all frames, unfolded
  analysis::Sensitivity sensitivity = analysis::Sensitivity::medium;  // of verdicts on growth
};

inline constexpr std::size_t kLeastWidth = 40;  // narrower terminals get lines of this width

}  // namespace memwatch::render
