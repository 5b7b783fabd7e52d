#include "tools/server/names.h"

#include "collector/analysis/stack_text.h"
#include "collector/analysis/suppressions.h"
#include "collector/symbols/demangle.h"
#include "collector/symbols/linkage_names.h"
#include "collector/symbols/program_suppressions.h"
#include "collector/symbols/session_symbols.h"

namespace memwatch::server {

namespace {

symbols::SymbolizeOptions options_for(const std::string& cache_directory) {
  symbols::SymbolizeOptions options;
  options.cache_directory = cache_directory;
  return options;
}

std::vector<model::StackId> stacks_of_sites(const model::Process& process) {
  std::vector<model::StackId> stacks;
  for (const model::Site& site : process.sites) stacks.push_back(site.stack);
  return stacks;
}

// Those that cannot be used are left out: `memwatch leaks` says why.
std::vector<analysis::Suppression> suppressions_of(const std::string& program) {
  const symbols::ProgramSuppressions found = symbols::read_program_suppressions(program);
  if (found.text.empty()) return {};
  auto parsed = analysis::parse_suppressions(
      found.text, program, [](const std::string& name) { return symbols::demangle(name); });
  return parsed ? *std::move(parsed) : std::vector<analysis::Suppression>{};
}

}  // namespace

void name_stacks(model::Session& session, std::span<const model::StackId> stacks,
                 const std::string& cache_directory) {
  const std::vector<model::CodeAddressId> wanted = analysis::addresses_of(session, stacks);
  if (wanted.empty()) return;
  symbols::symbolize_session(session, wanted, options_for(cache_directory));
}

void name_all_stacks(model::Session& session, const std::string& cache_directory) {
  std::vector<model::StackId> stacks;
  for (const model::Process& process : session.processes) {
    for (const model::StackId stack : stacks_of_sites(process)) stacks.push_back(stack);
    for (const model::Failure& failure : process.failures) stacks.push_back(failure.stack);
    for (const model::LargeAllocation& large : process.large) stacks.push_back(large.stack);
  }
  name_stacks(session, stacks, cache_directory);
}

std::vector<std::string> linkage_names_of(const model::Session& session,
                                          const std::string& cache_directory) {
  const std::vector<model::StackId> stacks = stacks_of_sites(session.processes.front());
  return symbols::linkage_names(session, analysis::addresses_of(session, stacks),
                                options_for(cache_directory));
}

void suppress_leaks(model::Session& session) {
  const std::vector<analysis::Suppression> own = suppressions_of(session.processes.front().exe);
  analysis::apply_suppressions(
      session, {},
      [&own](const model::Process&) -> const std::vector<analysis::Suppression>& { return own; });
}

}  // namespace memwatch::server
