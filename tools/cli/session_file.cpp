#include "tools/cli/session_file.h"

#include <fmt/format.h>

#include "collector/analysis/stack_text.h"
#include "collector/capture/session_reader.h"
#include "collector/symbols/data_symbols.h"
#include "collector/symbols/linkage_names.h"
#include "collector/symbols/session_symbols.h"
#include "tools/cli/message.h"
#include "tools/cli/progress.h"
#include "tools/cli/symbol_cache_directory.h"

namespace memwatch::cli {
namespace {

constexpr std::size_t kMostNotes = 3;

bool has_symbols(const model::Session& session, model::CodeAddressId address) {
  return address < session.symbols.size() && !session.symbols[address].frames.empty();
}

}  // namespace

Result<model::Session> load_session(const std::string& path) {
  std::vector<std::string> warnings;
  Result<model::Session> session = capture::read_session(path, &warnings);
  if (session) {
    for (const std::string& warning : warnings) {
      print_warning(fmt::format("read the session: {}: {}", path, warning));
    }
  }
  return session;
}

void symbolize_stacks(model::Session& session, std::span<const model::StackId> stacks) {
  std::vector<model::CodeAddressId> wanted = analysis::addresses_of(session, stacks);
  std::erase_if(wanted, [&](model::CodeAddressId id) { return has_symbols(session, id); });
  if (wanted.empty()) return;
  ProgressLine progress("reading symbols");
  symbols::SymbolizeOptions options;
  options.cache_directory = symbol_cache_directory();
  const auto notes = symbols::symbolize_session(
      session, wanted, options,
      [&](std::size_t done, std::size_t total) { progress.update(done, total); });
  progress.clear();
  std::size_t told = 0;
  for (const symbols::ModuleNote& note : notes) {
    if (note.kind != symbols::ModuleNoteKind::changed) continue;
    if (++told > kMostNotes) break;
    print_warning(fmt::format("read symbols: {}: {}", note.module, note.text));
  }
}

std::vector<std::string> linkage_names(const model::Session& session,
                                       const model::Process& process) {
  std::vector<model::StackId> stacks;
  for (const model::Site& site : process.sites) stacks.push_back(site.stack);
  return symbols::linkage_names(session, analysis::addresses_of(session, stacks), {});
}

void name_holders(model::Session& session) {
  symbols::SymbolizeOptions options;
  options.cache_directory = symbol_cache_directory();
  symbols::name_holders(session, options);
}

std::vector<model::StackId> all_stacks(const model::Session& session) {
  std::vector<model::StackId> stacks;
  for (const model::Process& process : session.processes) {
    for (const model::Site& site : process.sites) stacks.push_back(site.stack);
    for (const model::Failure& failure : process.failures) stacks.push_back(failure.stack);
    for (const model::LargeAllocation& large : process.large) stacks.push_back(large.stack);
  }
  return stacks;
}

}  // namespace memwatch::cli
