#include "tools/cli/stack_judge.h"

#include <re2/re2.h>

#include <optional>
#include <vector>

#include "collector/analysis/brief_types.h"
#include "collector/analysis/call_site.h"
#include "collector/symbols/symbolizer.h"
#include "tools/cli/symbol_cache_directory.h"

namespace memwatch::cli {

namespace {

// As --filter of `report` does it: a frame matches by its function, its file or its module.
class StackMatcher {
 public:
  explicit StackMatcher(std::unique_ptr<re2::RE2> pattern)
      : pattern_(std::move(pattern)), symbolizer_(with_cache()) {}

  bool matches(const model::Session& session, model::StackId stack) {
    while (stack != model::kNone && stack < session.stacks.size()) {
      if (matches_address(session, session.stacks[stack].address)) return true;
      const model::StackId parent = session.stacks[stack].parent;
      if (parent >= stack) break;
      stack = parent;
    }
    return false;
  }

 private:
  enum class Known : std::uint8_t { no, matches, differs };

  static symbols::SymbolizeOptions with_cache() {
    symbols::SymbolizeOptions options;
    options.cache_directory = symbol_cache_directory();
    return options;
  }

  bool matches_address(const model::Session& session, model::CodeAddressId id) {
    if (id == model::kNone || id >= session.code_addresses.size()) return false;
    if (known_.size() <= id) known_.resize(session.code_addresses.size(), Known::no);
    if (known_[id] == Known::no) {
      known_[id] = look_at(session, session.code_addresses[id]) ? Known::matches : Known::differs;
    }
    return known_[id] == Known::matches;
  }

  bool look_at(const model::Session& session, const model::CodeAddress& address) {
    if (address.module == model::kNone || address.module >= session.modules.size()) return false;
    const model::Module& module = session.modules[address.module];
    const auto found = [this](const std::string& text) {
      return !text.empty() && re2::RE2::PartialMatch(text, *pattern_);
    };
    if (found(module.path)) return true;
    const model::Symbols symbols = symbolizer_.symbolize(module, address);
    for (const model::SourceFrame& frame : symbols.frames) {
      if (found(frame.function) || found(frame.file)) return true;
      if (found(analysis::with_brief_types(frame.function))) return true;
    }
    return false;
  }

  std::unique_ptr<re2::RE2> pattern_;
  symbols::Symbolizer symbolizer_;
  std::vector<Known> known_;  // by code address
};

class SiteMatcher {
 public:
  explicit SiteMatcher(std::uint64_t site) : site_(site) {}
  bool matches(const model::Session& session, model::StackId stack) {
    if (!sites_) sites_.emplace(session);
    return sites_->of(stack) == site_;
  }

 private:
  std::uint64_t site_;
  std::optional<analysis::CallSites> sites_;
};

}  // namespace

Result<StackQuestion> stack_question_for(const recording::Injection& injection) {
  if (injection.site) {
    const auto matcher = std::make_shared<SiteMatcher>(*injection.site);
    return StackQuestion([matcher](const model::Session& session, model::StackId stack) {
      return matcher->matches(session, stack);
    });
  }
  if (injection.stack_pattern.empty()) return StackQuestion{};
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_unique<re2::RE2>(injection.stack_pattern, options);
  if (!pattern->ok()) {
    return Error{ErrorKind::usage,
                 "understand --inject-failure",
                 "stack=" + injection.stack_pattern,
                 pattern->error(),
                 {}};
  }
  const auto matcher = std::make_shared<StackMatcher>(std::move(pattern));
  return StackQuestion([matcher](const model::Session& session, model::StackId stack) {
    return matcher->matches(session, stack);
  });
}

}  // namespace memwatch::cli
