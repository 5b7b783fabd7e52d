#include "tools/cli/program_suppressions.h"

#include <fmt/format.h>

#include "collector/analysis/stack_text.h"
#include "collector/symbols/demangle.h"
#include "collector/symbols/program_suppressions.h"
#include "tools/cli/message.h"

namespace memwatch::cli {

namespace {

std::vector<analysis::Suppression> read(const std::string& program) {
  const symbols::ProgramSuppressions found = symbols::read_program_suppressions(program);
  if (!found.why_not.empty()) {
    print_warning(fmt::format("read the program's suppressions: {}: {} (--suppressions FILE)",
                              program, found.why_not));
  }
  if (found.text.empty()) return {};
  Result<std::vector<analysis::Suppression>> parsed =
      analysis::parse_suppressions(found.text, program + ": __lsan_default_suppressions",
                                   [](const std::string& name) { return symbols::demangle(name); });
  if (!parsed) {
    print_warning(parsed.error().to_line());
    return {};
  }
  for (analysis::Suppression& suppression : *parsed) {
    suppression.name += fmt::format(" (built into {})", analysis::base_name(program));
  }
  return *std::move(parsed);
}

}  // namespace

const std::vector<analysis::Suppression>& ProgramSuppressions::of(const model::Process& process) {
  const auto known = by_program_.find(process.exe);
  if (known != by_program_.end()) return known->second;
  return by_program_.emplace(process.exe, read(process.exe)).first->second;
}

void apply_all_suppressions(model::Session& session,
                            const std::vector<analysis::Suppression>& suppressions) {
  ProgramSuppressions own;
  analysis::apply_suppressions(
      session, suppressions,
      [&own](const model::Process& process) -> const std::vector<analysis::Suppression>& {
        return own.of(process);
      });
}

}  // namespace memwatch::cli
