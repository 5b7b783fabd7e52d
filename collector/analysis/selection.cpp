#include "collector/analysis/selection.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "collector/analysis/brief_types.h"

namespace memwatch::analysis {
namespace {

std::unique_ptr<re2::RE2> compile(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<re2::RE2>(pattern, options);
}

Result<void> check_pattern(const char* option, const std::string& pattern) {
  if (pattern.empty()) return {};
  const auto compiled = compile(pattern);
  if (compiled->ok()) return {};
  return Error{ErrorKind::usage, fmt::format("use {} as a regular expression", option), pattern,
               compiled->error(), "escape ( ) [ ] * + ? . with a backslash to mean the character"};
}

Error no_such_process(const model::Session& session, std::uint32_t pid) {
  constexpr std::size_t kNamed = 8;
  std::vector<std::uint32_t> pids;
  for (const model::Process& process : session.processes) pids.push_back(process.pid);
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  std::string known;
  for (std::size_t i = 0; i < pids.size() && i < kNamed; ++i) {
    known += (i == 0 ? "" : ", ") + std::to_string(pids[i]);
  }
  if (pids.size() > kNamed) known += fmt::format(" and {} more", pids.size() - kNamed);
  return Error{ErrorKind::usage, "select a process", fmt::format("--pid {}", pid),
               known.empty() ? "the session has no process" : "the session has only " + known,
               "--view processes lists them"};
}

}  // namespace

class Selection::Matcher {
 public:
  Matcher(const model::Session& session, const SelectionOptions& options)
      : session_(session),
        addresses_(session.code_addresses.size(), kUnknown),
        stacks_(session.stacks.size(), kUnknown) {
    if (!options.filter.empty()) filter_ = compile(options.filter);
    if (!options.exclude.empty()) exclude_ = compile(options.exclude);
  }

  // A node's verdict is its own address's joined with its parent's, so each node is judged once.
  bool includes(model::StackId stack) {
    path_.clear();
    std::uint8_t verdict = 0;
    while (stack != model::kNone && stack < stacks_.size()) {
      if (stacks_[stack] != kUnknown) {
        verdict = stacks_[stack];
        break;
      }
      path_.push_back(stack);
      const model::StackId parent = session_.stacks[stack].parent;
      if (parent >= stack) break;
      stack = parent;
    }
    for (auto node = path_.rbegin(); node != path_.rend(); ++node) {
      verdict = static_cast<std::uint8_t>(verdict | judge_address(session_.stacks[*node].address));
      stacks_[*node] = verdict;
    }
    return (filter_ == nullptr || (verdict & kFiltered) != 0) && (verdict & kExcluded) == 0;
  }

 private:
  static constexpr std::uint8_t kFiltered = 1, kExcluded = 2, kUnknown = 0xff;

  std::uint8_t judge_address(model::CodeAddressId id) {
    if (id == model::kNone || id >= addresses_.size()) return 0;
    if (addresses_[id] != kUnknown) return addresses_[id];
    std::uint8_t verdict = 0;
    const auto judge = [&](const std::string& text) {
      if (text.empty()) return;
      if (filter_ && re2::RE2::PartialMatch(text, *filter_)) verdict |= kFiltered;
      if (exclude_ && re2::RE2::PartialMatch(text, *exclude_)) verdict |= kExcluded;
    };
    const model::ModuleId module = session_.code_addresses[id].module;
    if (module != model::kNone && module < session_.modules.size()) {
      judge(session_.modules[module].path);
    }
    if (id < session_.symbols.size()) {
      for (const model::SourceFrame& frame : session_.symbols[id].frames) {
        judge(frame.function);
        const std::string brief = with_brief_types(frame.function);
        if (brief != frame.function) judge(brief);
        judge(frame.file);
      }
    }
    addresses_[id] = verdict;
    return verdict;
  }

  const model::Session& session_;
  std::unique_ptr<re2::RE2> filter_, exclude_;
  std::vector<std::uint8_t> addresses_, stacks_;  // verdict bits, or kUnknown
  std::vector<model::StackId> path_;
};

Selection::Selection(const model::Session& session) : session_(&session) {
  for (const model::Process& process : session.processes) processes_.push_back(&process);
}
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;
Selection::~Selection() = default;

Result<void> check_patterns(const SelectionOptions& options) {
  if (auto checked = check_pattern("--filter", options.filter); !checked) return checked;
  return check_pattern("--exclude", options.exclude);
}

Result<Selection> Selection::create(const model::Session& session,
                                    const SelectionOptions& options) {
  if (const auto checked = check_patterns(options); !checked) return checked.error();
  Selection selection(session);
  if (options.pid) {
    std::erase_if(selection.processes_,
                  [&](const model::Process* process) { return process->pid != *options.pid; });
    if (selection.processes_.empty()) return no_such_process(session, *options.pid);
  }
  if (!options.filter.empty() || !options.exclude.empty()) {
    selection.matcher_ = std::make_shared<Matcher>(session, options);
  }
  return selection;
}

Selection Selection::of_process(const model::Process& process) const {
  Selection one(*session_);
  one.processes_ = {&process};
  one.matcher_ = matcher_;
  return one;
}

bool Selection::includes(model::StackId stack) const {
  return matcher_ == nullptr || matcher_->includes(stack);
}

}  // namespace memwatch::analysis
