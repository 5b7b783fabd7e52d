// Which modules of the stacks that are shown have no names or no lines, so that a report can say
// what to install.
// Thread safety: pure function. Errors: none. Paths are views into the session.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::analysis {

struct ModuleGap {
  std::string_view path;
  std::size_t frames = 0;   // shown frames of this module
  std::size_t unnamed = 0;  // of them without a function
  std::size_t unlined = 0;  // of them without a source line
};

// Modules most of whose frames have no line, the largest number of frames first. Frames that tell a
// reader nothing (program start, runtime libraries, containers), those outside of any module and
// the kernel's own ("[vdso]") do not count.
std::vector<ModuleGap> find_gaps(const model::Session& session,
                                 std::span<const model::StackId> stacks);

}  // namespace memwatch::analysis
