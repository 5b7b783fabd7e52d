#include "collector/analysis/call_site.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>

#include "collector/analysis/stack_text.h"

namespace memwatch::analysis {

namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const std::array<std::uint64_t, 2> both = {a, b};
  return XXH3_64bits(both.data(), sizeof both);
}

}  // namespace

std::uint64_t CallSites::hash_of_frame(model::CodeAddressId id) const {
  if (id == model::kNone || id >= session_.code_addresses.size()) return 0;  // cut off
  const model::CodeAddress& address = session_.code_addresses[id];
  if (address.module == model::kNone || address.module >= session_.modules.size()) return 1;
  const std::string_view name = base_name(session_.modules[address.module].path);
  return mix(XXH3_64bits(name.data(), name.size()), address.offset);
}

std::uint64_t CallSites::of(model::StackId stack) {
  if (known_.size() < session_.stacks.size()) known_.resize(session_.stacks.size());
  path_.clear();
  std::uint64_t hash = 0;
  while (stack != model::kNone && stack < known_.size()) {
    if (known_[stack] != 0) {
      hash = known_[stack];
      break;
    }
    path_.push_back(stack);
    const model::StackId parent = session_.stacks[stack].parent;
    if (parent >= stack) break;
    stack = parent;
  }
  for (auto node = path_.rbegin(); node != path_.rend(); ++node) {
    hash = mix(hash, hash_of_frame(session_.stacks[*node].address));
    if (hash == 0) hash = 1;
    known_[*node] = hash;
  }
  return hash;
}

std::string call_site_text(std::uint64_t site) {
  return fmt::format("{:016x}", site);
}

}  // namespace memwatch::analysis
