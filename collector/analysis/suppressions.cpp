#include "collector/analysis/suppressions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

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

bool is_leaked(model::LeakKind kind) {
  return kind == model::LeakKind::definite || kind == model::LeakKind::indirect ||
         kind == model::LeakKind::possible;
}

// Is there anything that a program's own suppressions could be about? Its file need not be read
// otherwise.
bool has_leaked(const model::Process& process) {
  if (process.leak_check.method != model::LeakMethod::reachability) {
    return process.heap.live_blocks > 0;
  }
  return std::any_of(process.leaks.begin(), process.leaks.end(),
                     [](const model::LeakRow& row) { return is_leaked(row.kind); });
}

class Applier {
 public:
  Applier(model::Session& session, const std::vector<Suppression>& list,
          const SuppressionsOfProgram& of_program)
      : session_(session), list_(list), of_program_(of_program) {}

  void apply() {
    for (model::Process& process : session_.processes) {
      own_ = of_program_ && has_leaked(process) ? &of_program_(process) : nullptr;
      if (process.leak_check.method == model::LeakMethod::reachability) {
        apply_to_rows(process);
      } else if (has_any() && process.exit_kind != model::ExitKind::exec) {
        apply_to_sites(process);
      }
    }
  }

 private:
  [[nodiscard]] bool has_any() const {
    return !list_.empty() || (own_ != nullptr && !own_->empty());
  }

  void apply_to_rows(model::Process& process) {
    std::map<model::StackId, std::uint32_t> definite;  // suppressed ones
    for (model::LeakRow& row : process.leaks) {
      if (row.suppression == 0) row.suppression = number_for(row.stack, row.kind, true);
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
    std::set<model::StackId> done;
    for (const model::LeakRow& row : process.leaks) done.insert(row.stack);
    for (const model::Site& site : process.sites) {
      if (site.live_blocks == 0 || done.count(site.stack) != 0) continue;
      const std::uint32_t number = number_for(site.stack, model::LeakKind::unclassified, false);
      if (number == 0) continue;
      process.leaks.push_back({site.stack, model::LeakKind::unclassified, model::kNone, number,
                               site.live_blocks, site.live_bytes});
    }
  }

  std::uint32_t number_for(model::StackId stack, model::LeakKind kind, bool built_in) {
    if (!is_leaked(kind) && !has_any()) return 0;
    if (built_in && is_leaked(kind) && is_upkeep(session_, stack)) return note(kBuiltInSuppression);
    if (!has_any()) return 0;
    const std::vector<Frame> frames = frames_of(session_, stack);
    for (const auto* list : {&list_, own_}) {
      if (list == nullptr) continue;
      for (const Suppression& suppression : *list) {
        const std::uint32_t bit = 1U << static_cast<unsigned>(kind);
        if ((suppression.kinds & bit) != 0 && matches(suppression, frames)) {
          return note(suppression.name);
        }
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
  const SuppressionsOfProgram& of_program_;
  const std::vector<Suppression>* own_ = nullptr;  // of the process's program
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

void apply_suppressions(model::Session& session, const std::vector<Suppression>& suppressions,
                        const SuppressionsOfProgram& of_program) {
  session.suppressions.clear();
  for (model::Process& process : session.processes) {
    if (process.leak_check.method != model::LeakMethod::reachability) process.leaks.clear();
    for (model::LeakRow& row : process.leaks) row.suppression = 0;
  }
  Applier(session, suppressions, of_program).apply();
}

void add_suppressions(model::Session& session, const std::vector<Suppression>& suppressions) {
  Applier(session, suppressions, {}).apply();
}

}  // namespace memwatch::analysis
