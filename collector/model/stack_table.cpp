#include "collector/model/stack_table.h"

namespace memwatch::model {

namespace {

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0x9e3779b97f4a7c15ULL;
  return value ^ (value >> 29);
}

std::uint64_t hash_address(const CodeAddress& address) {
  return mix(address.offset ^ (static_cast<std::uint64_t>(address.module) << 48) ^
             (address.exact ? 1ULL << 63 : 0));
}

std::uint64_t hash_node(const StackNode& node) {
  return mix((static_cast<std::uint64_t>(node.parent) << 32) | node.address);
}

}  // namespace

ModuleId StackTable::module(const std::string& path, const std::string& build_id) {
  const auto [at, is_new] = modules_.try_emplace(path + '\0' + build_id, kNone);
  if (is_new) {
    at->second = static_cast<ModuleId>(session_.modules.size());
    session_.modules.push_back(Module{path, build_id});
  }
  return at->second;
}

CodeAddressId StackTable::address(const CodeAddress& address) {
  const std::uint64_t hash = hash_address(address);
  auto& rows = session_.code_addresses;
  const CodeAddressId found = addresses_.find(hash, [&](std::uint32_t id) {
    return rows[id].offset == address.offset && rows[id].module == address.module &&
           rows[id].exact == address.exact;
  });
  if (found != kNone) return found;
  const auto id = static_cast<CodeAddressId>(rows.size());
  rows.push_back(address);
  addresses_.insert(hash, id, [&](std::uint32_t other) { return hash_address(rows[other]); });
  return id;
}

StackId StackTable::stack(StackId parent, CodeAddressId address) {
  const StackNode node{parent, address};
  const std::uint64_t hash = hash_node(node);
  auto& rows = session_.stacks;
  const StackId found = stacks_.find(hash, [&](std::uint32_t id) {
    return rows[id].parent == parent && rows[id].address == address;
  });
  if (found != kNone) return found;
  const auto id = static_cast<StackId>(rows.size());
  rows.push_back(node);
  stacks_.insert(hash, id, [&](std::uint32_t other) { return hash_node(rows[other]); });
  return id;
}

}  // namespace memwatch::model
