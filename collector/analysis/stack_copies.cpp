#include "collector/analysis/stack_copies.h"

#include <vector>

namespace memwatch::analysis {

model::ModuleId StackCopies::copy_module(const model::Module& module) {
  const auto [entry, is_new] = modules_.try_emplace(
      module.path + '\n' + module.build_id, static_cast<model::ModuleId>(session_.modules.size()));
  if (is_new) session_.modules.push_back(module);
  return entry->second;
}

model::CodeAddressId StackCopies::copy_address(const model::Session& from,
                                               model::CodeAddressId id) {
  if (id == model::kNone || id >= from.code_addresses.size()) return model::kNone;
  model::CodeAddress address = from.code_addresses[id];
  const bool known = address.module != model::kNone && address.module < from.modules.size();
  address.module = known ? copy_module(from.modules[address.module]) : model::kNone;
  session_.code_addresses.push_back(address);
  session_.symbols.push_back(id < from.symbols.size() ? from.symbols[id] : model::Symbols{});
  return static_cast<model::CodeAddressId>(session_.code_addresses.size() - 1);
}

model::StackId StackCopies::copy(const model::Session& from, model::StackId stack) {
  std::vector<model::StackId> path;
  while (stack != model::kNone && stack < from.stacks.size()) {
    path.push_back(stack);
    if (from.stacks[stack].parent >= stack) break;  // parents have smaller ids, or it is damaged
    stack = from.stacks[stack].parent;
  }
  model::StackId parent = model::kNone;
  for (auto node = path.rbegin(); node != path.rend(); ++node) {
    session_.stacks.push_back({parent, copy_address(from, from.stacks[*node].address)});
    parent = static_cast<model::StackId>(session_.stacks.size() - 1);
  }
  return parent;
}

}  // namespace memwatch::analysis
