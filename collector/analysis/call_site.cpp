#include "collector/analysis/call_site.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <string_view>

#include "collector/analysis/stack_identity.h"

namespace memwatch::analysis {

namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const std::array<std::uint64_t, 2> both = {a, b};
  return XXH3_64bits(both.data(), sizeof both);
}

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::uint64_t hash_of_frame(const model::Session& session, model::CodeAddressId id) {
  if (id == model::kNone || id >= session.code_addresses.size()) return 0;  // cut off
  const model::CodeAddress& address = session.code_addresses[id];
  if (address.module == model::kNone || address.module >= session.modules.size()) return 1;
  const model::Module& module = session.modules[address.module];
  const std::uint64_t build = mix(hash_of(module_identity(module.path)), hash_of(module.build_id));
  return mix(build, address.offset);
}

// Of the stack that ends in `node`, `before` being that of its caller.
std::uint64_t extended(const model::Session& session, std::uint64_t before, model::StackId node) {
  const std::uint64_t hash = mix(before, hash_of_frame(session, session.stacks[node].address));
  return hash == 0 ? 1 : hash;
}

}  // namespace

std::uint64_t call_site(const model::Session& session, model::StackId stack) {
  std::vector<model::StackId> path;
  while (stack != model::kNone && stack < session.stacks.size()) {
    path.push_back(stack);
    const model::StackId parent = session.stacks[stack].parent;
    if (parent >= stack) break;
    stack = parent;
  }
  std::uint64_t hash = 0;
  for (auto node = path.rbegin(); node != path.rend(); ++node) {
    hash = extended(session, hash, *node);
  }
  return hash;
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
    hash = extended(session_, hash, *node);
    known_[*node] = hash;
  }
  return hash;
}

std::string call_site_text(std::uint64_t site) {
  return fmt::format("{:016x}", site);
}

}  // namespace memwatch::analysis
