#include "collector/analysis/suppressions.h"

#include <algorithm>
#include <map>
#include <optional>

#include "collector/analysis/glob.h"
#include "collector/analysis/upkeep.h"

namespace memwatch::analysis {

namespace {

using FramePattern = Suppression::FramePattern;

std::string_view without_arguments(std::string_view function) {
  return function.substr(0, function.find('('));
}

bool matches_frame(const FramePattern& pattern, const Frame& frame) {
  switch (pattern.what) {
    case FramePattern::What::function:
      return matches_glob(pattern.pattern, frame.function, true) ||
             matches_glob(pattern.pattern, without_arguments(frame.function), true);
    case FramePattern::What::object:
      return matches_glob(pattern.pattern, frame.module, true);
    case FramePattern::What::source:
      return (pattern.line == 0 || pattern.line == frame.line) &&
             (matches_glob(pattern.pattern, frame.file, true) ||
              matches_glob(pattern.pattern, base_name(frame.file), true));
    case FramePattern::What::any_frames:
      break;
  }
  return false;
}

// The patterns from p on match frames from f on; frames beyond the last pattern are free.
// Iterative like matches_glob: only the last "..." needs to be gone back to.
bool matches_frames(const std::vector<FramePattern>& patterns, const std::vector<Frame>& frames) {
  std::size_t p = 0, f = 0;
  std::optional<std::size_t> any;
  std::size_t resume = 0;
  while (p < patterns.size()) {
    if (patterns[p].what == FramePattern::What::any_frames) {
      any = ++p;
      resume = f;
    } else if (f < frames.size() && matches_frame(patterns[p], frames[f])) {
      ++p;
      ++f;
    } else if (any && resume < frames.size()) {
      p = *any;
      f = ++resume;
    } else {
      return false;
    }
  }
  return true;
}

class Applier {
 public:
  Applier(model::Session& session, const std::vector<Suppression>& list)
      : session_(session), list_(list) {}

  void apply() {
    session_.suppressions.clear();
    for (model::Process& process : session_.processes) {
      if (process.leak_check.method == model::LeakMethod::reachability) {
        apply_to_rows(process);
      } else if (!list_.empty() && process.exit_kind != model::ExitKind::exec) {
        apply_to_sites(process);
      }
    }
  }

 private:
  void apply_to_rows(model::Process& process) {
    std::map<model::StackId, std::uint32_t> definite;  // suppressed ones
    for (model::LeakRow& row : process.leaks) {
      row.suppression = number_for(row.stack, row.kind, true);
      if (row.kind == model::LeakKind::definite && row.suppression != 0) {
        definite[row.stack] = row.suppression;
      }
    }
    for (model::LeakRow& row : process.leaks) {
      if (row.kind != model::LeakKind::indirect || row.suppression != 0) continue;
      const auto owner = definite.find(row.owner);
      if (owner != definite.end()) row.suppression = owner->second;
    }
  }

  void apply_to_sites(model::Process& process) {
    process.leaks.clear();
    for (const model::Site& site : process.sites) {
      if (site.live_blocks == 0) continue;
      const std::uint32_t number = number_for(site.stack, model::LeakKind::unclassified, false);
      if (number == 0) continue;
      process.leaks.push_back({site.stack, model::LeakKind::unclassified, model::kNone, number,
                               site.live_blocks, site.live_bytes});
    }
  }

  std::uint32_t number_for(model::StackId stack, model::LeakKind kind, bool built_in) {
    const std::uint32_t bit = 1U << static_cast<unsigned>(kind);
    const bool is_leaked = kind == model::LeakKind::definite || kind == model::LeakKind::indirect ||
                           kind == model::LeakKind::possible;
    if (!is_leaked && list_.empty()) return 0;
    if (built_in && is_leaked && is_upkeep(session_, stack)) return note(kBuiltInSuppression);
    if (list_.empty()) return 0;
    const std::vector<Frame> frames = frames_of(session_, stack);
    for (const Suppression& suppression : list_) {
      if ((suppression.kinds & bit) != 0 && matches(suppression, frames)) {
        return note(suppression.name);
      }
    }
    return 0;
  }

  std::uint32_t note(std::string_view name) {
    auto& names = session_.suppressions;
    const auto known = std::find(names.begin(), names.end(), name);
    if (known != names.end()) return static_cast<std::uint32_t>(known - names.begin()) + 1;
    names.emplace_back(name);
    return static_cast<std::uint32_t>(names.size());
  }

  model::Session& session_;
  const std::vector<Suppression>& list_;
};

}  // namespace

bool matches(const Suppression& suppression, const std::vector<Frame>& frames) {
  if (suppression.anywhere.empty()) return matches_frames(suppression.frames, frames);
  return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
    return matches_template(suppression.anywhere, frame.function) ||
           matches_template(suppression.anywhere, frame.file) ||
           matches_template(suppression.anywhere, frame.module);
  });
}

void apply_suppressions(model::Session& session, const std::vector<Suppression>& suppressions) {
  Applier(session, suppressions).apply();
}

}  // namespace memwatch::analysis
