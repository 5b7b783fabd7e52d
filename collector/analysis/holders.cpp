#include "collector/analysis/holders.h"

#include <algorithm>
#include <charconv>

namespace memwatch::analysis {

namespace {

bool leads_into(const model::HolderPath& path, std::uint64_t address) {
  if (path.steps.empty()) return false;
  const model::HolderStep& last = path.steps.back();
  return address - last.address < std::max<std::uint64_t>(last.size, 1);
}

Holder holder_of(const model::Process& process, const model::HolderPath& path) {
  Holder holder{&process, &path, 0, 0};
  for (const model::LeakRow& row : process.leaks) {
    if (row.stack != path.steps.back().stack) continue;
    holder.blocks += row.blocks;
    holder.bytes += row.bytes;
  }
  return holder;
}

}  // namespace

std::optional<std::uint64_t> address_in(const std::string& question) {
  if (!question.starts_with("0x") && !question.starts_with("0X")) return std::nullopt;
  std::uint64_t address = 0;
  const char* const end = question.data() + question.size();
  const auto [stopped, error] = std::from_chars(question.data() + 2, end, address, 16);
  if (error != std::errc() || stopped != end || address == 0) return std::nullopt;
  return address;
}

Result<void> check_question(const std::string& question) {
  if (address_in(question)) return {};
  const Result<void> checked = check_patterns({.pid = {}, .filter = question, .exclude = {}});
  if (checked) return {};
  Error error = checked.error();
  error.attempted = "use --who-holds as a regular expression";
  return error;
}

Result<std::vector<Holder>> find_holders(const model::Session& session,
                                         const std::string& question) {
  if (const Result<void> checked = check_question(question); !checked) return checked.error();
  const std::optional<std::uint64_t> address = address_in(question);
  SelectionOptions options;
  if (!address) options.filter = question;
  const Result<Selection> selection = Selection::create(session, options);
  if (!selection) return selection.error();
  std::vector<Holder> holders;
  for (const model::Process& process : session.processes) {
    for (const model::HolderPath& path : process.holders) {
      if (path.steps.empty()) continue;
      const bool is_wanted =
          address ? leads_into(path, *address) : selection->includes(path.steps.back().stack);
      if (is_wanted) holders.push_back(holder_of(process, path));
      if (is_wanted && address) break;
    }
  }
  return holders;
}

}  // namespace memwatch::analysis
