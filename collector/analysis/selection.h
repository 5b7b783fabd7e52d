// What a report looks at: all processes of the session or those with one pid, and the stacks that
// the user's regular expressions leave. Every analysis takes one.
//
// A stack is in when some frame matches --filter (if given) and no frame matches --exclude; a frame
// matches by its function, its file or its module. Matches are remembered for each code address, so
// a pattern runs once for each, however many stacks share it.
// Thread safety: none, includes() remembers. Keeps a reference to the session.
// Errors: create() fails with kind usage for a bad pattern or a pid the session does not have.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

struct SelectionOptions {
  std::optional<std::uint32_t> pid;
  std::string filter;   // RE2 syntax, unanchored; "" for all
  std::string exclude;  // RE2 syntax, unanchored; "" for none
};

// Whether the two patterns can be used, without a session at hand.
Result<void> check_patterns(const SelectionOptions& options);

class Selection {
 public:
  static Result<Selection> create(const model::Session& session, const SelectionOptions& options);
  // Everything.
  explicit Selection(const model::Session& session);
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;
  ~Selection();

  [[nodiscard]] const model::Session& session() const { return *session_; }
  // The same stacks of one process alone, which must be the session's.
  [[nodiscard]] Selection of_process(const model::Process& process) const;
  // In order of start.
  [[nodiscard]] const std::vector<const model::Process*>& processes() const { return processes_; }
  [[nodiscard]] bool includes(model::StackId stack) const;
  // False when every stack is in.
  [[nodiscard]] bool narrows_stacks() const { return matcher_ != nullptr; }

 private:
  class Matcher;  // keeps the regular expression library out of this header

  const model::Session* session_;
  std::vector<const model::Process*> processes_;
  std::shared_ptr<Matcher> matcher_;  // shared with those of of_process()
};

}  // namespace memwatch::analysis
