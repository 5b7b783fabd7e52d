#include "collector/analysis/debug_info.h"

#include <algorithm>
#include <map>

#include "collector/analysis/stack_text.h"

namespace memwatch::analysis {

std::vector<ModuleGap> find_gaps(const model::Session& session,
                                 std::span<const model::StackId> stacks) {
  std::map<std::string_view, ModuleGap> by_path;
  for (const model::StackId stack : stacks) {
    for (const Frame& frame : frames_of(session, stack)) {
      if (frame.module.empty() || frame.module.front() == '[') continue;
      ModuleGap& gap = by_path[frame.module];
      gap.path = frame.module;
      ++gap.frames;
      if (frame.function.empty()) ++gap.unnamed;
      if (frame.file.empty()) ++gap.unlined;
    }
  }
  std::vector<ModuleGap> gaps;
  for (const auto& [path, gap] : by_path) {
    if (gap.unnamed + gap.unlined > 0) gaps.push_back(gap);
  }
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const ModuleGap& a, const ModuleGap& b) { return a.frames > b.frames; });
  return gaps;
}

}  // namespace memwatch::analysis
