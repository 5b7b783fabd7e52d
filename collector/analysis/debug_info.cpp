#include "collector/analysis/debug_info.h"

#include <algorithm>
#include <map>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/program_start.h"

namespace memwatch::analysis {

std::vector<ModuleGap> find_gaps(const model::Session& session,
                                 std::span<const model::StackId> stacks) {
  std::map<std::string_view, ModuleGap> by_path;
  for (const model::StackId stack : stacks) {
    for (const Frame& frame : without_program_start(frames_of(session, stack))) {
      if (frame.module.empty() || frame.module.front() == '[' || is_noise(frame)) continue;
      ModuleGap& gap = by_path[frame.module];
      gap.path = frame.module;
      ++gap.frames;
      if (frame.function.empty()) ++gap.unnamed;
      if (frame.file.empty()) ++gap.unlined;
    }
  }
  std::vector<ModuleGap> gaps;
  for (const auto& [path, gap] : by_path) {
    // A module most of whose frames have lines has its debug info: the others are assembly or such.
    if (gap.unlined * 2 > gap.frames) gaps.push_back(gap);
  }
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const ModuleGap& a, const ModuleGap& b) { return a.frames > b.frames; });
  return gaps;
}

}  // namespace memwatch::analysis
