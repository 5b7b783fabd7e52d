#include "collector/intake/stack_importer.h"

#include <algorithm>
#include <cstring>

namespace memwatch::intake {

using namespace protocol;

model::StackId StackImporter::import_slow(std::uint32_t node) {
  if (node == 0) return model::kNone;
  // Only nodes that the target says exist have memory behind them.
  const std::uint32_t used = std::min(segment_.header().nodes_used.load(std::memory_order_acquire),
                                      segment_.geometry().nodes);
  if (node >= used) {
    ++damaged_;
    return model::kNone;
  }
  if (stacks_.size() < used) {
    stacks_.resize(std::max<std::size_t>(used, stacks_.size() + stacks_.size() / 2), kUnknown);
    stacks_[0] = model::kNone;
  }
  const auto* nodes = segment_.at<const StackNode>(segment_.geometry().nodes_offset);
  chain_.clear();
  std::uint32_t at = node;
  while (stacks_[at] == kUnknown) {
    chain_.push_back(at);
    std::uint32_t parent = 0;
    std::memcpy(&parent, &nodes[at].parent, sizeof parent);
    if (parent >= at) {
      ++damaged_;
      parent = 0;
    }
    at = parent;
  }
  model::StackId parent = stacks_[at];
  for (auto child = chain_.rbegin(); child != chain_.rend(); ++child) {
    parent = import_one(*child, parent);
    stacks_[*child] = parent;
  }
  return parent;
}

model::StackId StackImporter::import_one(std::uint32_t node, model::StackId parent) {
  if (node == kTruncatedNode) return table_.stack(model::kNone, model::kNone);
  StackNode copy{};
  std::memcpy(&copy, segment_.at<const StackNode>(segment_.geometry().nodes_offset) + node,
              sizeof copy);
  model::CodeAddress address;
  address.offset = copy.pc & kPcMask;
  address.exact = (copy.pc & kExactPc) != 0;
  if (copy.module != 0) {
    const Module& owner = module(copy.module);
    if (owner.known) {
      address.module = owner.id;
      address.offset -= owner.bias;
    }
  }
  return table_.stack(parent, table_.address(address));
}

const StackImporter::Module& StackImporter::module(std::uint32_t index) {
  static const Module nobody;
  const Geometry& geometry = segment_.geometry();
  if (index >= geometry.modules ||
      index >= segment_.header().modules_used.load(std::memory_order_acquire)) {
    ++damaged_;
    return nobody;
  }
  if (index >= modules_.size()) modules_.resize(index + 1);
  Module& module = modules_[index];
  if (module.known) return module;
  const auto* entry = segment_.at<const ModuleEntry>(geometry.modules_offset) + index;
  // Acquire: matched by the release store in preload/module_table.
  if (entry->ready.load(std::memory_order_acquire) != 1) return nobody;

  const std::uint32_t name_offset = entry->name_offset;
  const std::uint32_t name_bytes = entry->name_bytes;
  std::string path = exe_;
  if (name_bytes > 0) {
    if (name_bytes > 4096 || name_offset > geometry.names_bytes ||
        geometry.names_bytes - name_offset < name_bytes) {
      ++damaged_;
      return nobody;
    }
    path.assign(segment_.at<const char>(geometry.names_offset) + name_offset, name_bytes);
  }
  std::string build_id;
  const std::size_t id_bytes = std::min<std::size_t>(entry->build_id_bytes, sizeof entry->build_id);
  for (std::size_t i = 0; i < id_bytes; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    build_id += kDigits[entry->build_id[i] >> 4];
    build_id += kDigits[entry->build_id[i] & 15];
  }
  if (path.starts_with("linux-vdso")) path = "[vdso]";
  module.id = table_.module(path, build_id);
  module.bias = entry->bias;
  module.known = true;
  return module;
}

}  // namespace memwatch::intake
