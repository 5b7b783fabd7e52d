#include "collector/analysis/leaked.h"

#include <unordered_map>

namespace memwatch::analysis {

Leaked leaked_of(const model::Process& process, const Selection& selection) {
  const ProcessLeaks leaks = leaks_of(process, selection);
  Leaked leaked;
  leaked.method = leaks.method;
  leaked.all_seen = leaks.all_seen;
  std::unordered_map<model::StackId, std::size_t> index;
  for (const LeakRecord& record : leaks.records) {
    // A block of no size may hold others as well.
    const std::uint64_t held =
        record.retained_bytes > record.bytes ? record.retained_bytes - record.bytes : 0;
    if (record.kind == "reachable" || (record.bytes == 0 && held == 0)) continue;
    const auto [entry, is_new] = index.try_emplace(record.stack, leaked.stacks.size());
    if (is_new) leaked.stacks.push_back(LeakedStack{.stack = record.stack});
    leaked.stacks[entry->second].held += held;
    const bool indirect = record.kind == "indirect";
    (indirect ? leaked.stacks[entry->second].indirect : leaked.stacks[entry->second].lost) +=
        record.bytes;
    (indirect ? leaked.indirect : leaked.lost) += record.bytes;
  }
  return leaked;
}

}  // namespace memwatch::analysis
