#include "collector/analysis/stack_costs.h"

#include <algorithm>

namespace memwatch::analysis {
namespace {

constexpr std::uint32_t kAbsent = 0;

// The stack nodes that the sites reach, in ascending order, so parents first.
std::vector<model::StackId> reached_nodes(const model::Session& session,
                                          std::span<const StackShare> shares,
                                          std::vector<std::uint32_t>& index) {
  std::vector<model::StackId> reached;
  for (const StackShare& share : shares) {
    model::StackId stack = share.stack;
    while (stack != model::kNone && stack < index.size() && index[stack] == kAbsent) {
      index[stack] = 1;
      reached.push_back(stack);
      const model::StackId parent = session.stacks[stack].parent;
      if (parent >= stack) break;  // only in a damaged table: the stack ends here
      stack = parent;
    }
  }
  constexpr std::size_t kSparse = 16;
  if (reached.size() < index.size() / kSparse) {
    std::sort(reached.begin(), reached.end());
  } else {
    reached.clear();
    for (model::StackId stack = 1; stack < index.size(); ++stack) {
      if (index[stack] != kAbsent) reached.push_back(stack);
    }
  }
  return reached;
}

}  // namespace

Costs costs_of(const model::Site& site) {
  Costs costs{};
  for (std::size_t i = 0; i < kCosts; ++i) costs[i] = cost_of(site, static_cast<Cost>(i));
  return costs;
}

void add(Costs& sum, const Costs& part) {
  for (std::size_t i = 0; i < kCosts; ++i) sum[i] += part[i];
}

StackCosts sum_stacks(const model::Session& session, std::span<const StackShare> shares) {
  std::vector<std::uint32_t> index(session.stacks.size(), kAbsent);
  const std::vector<model::StackId> reached = reached_nodes(session, shares, index);
  StackCosts nodes(1);
  nodes.reserve(reached.size() + 2);
  const auto append = [&](model::StackId stack, model::CodeAddressId address,
                          std::uint32_t parent) {
    const auto id = static_cast<std::uint32_t>(nodes.size());
    nodes.push_back({.stack = stack,
                     .address = address,
                     .parent = parent,
                     .first_child = 0,
                     .next_sibling = nodes[parent].first_child});
    nodes[parent].first_child = id;
    return id;
  };
  for (const model::StackId stack : reached) {
    const model::StackNode& node = session.stacks[stack];
    const std::uint32_t parent = node.parent < stack ? index[node.parent] : 0;
    index[stack] = append(stack, node.address, parent);
  }
  std::uint32_t unknown = 0;
  for (const StackShare& share : shares) {
    std::uint32_t node = 0;
    if (share.stack != model::kNone && share.stack < index.size()) {
      node = index[share.stack];
    } else {
      if (unknown == 0) unknown = append(model::kNone, model::kNone, 0);
      node = unknown;
    }
    add(nodes[node].total, share.costs);
  }
  for (std::size_t i = nodes.size(); i-- > 1;) add(nodes[nodes[i].parent].total, nodes[i].total);
  return nodes;
}

StackCosts sum_stacks(const model::Session& session, std::span<const model::Site> sites) {
  std::vector<StackShare> shares;
  shares.reserve(sites.size());
  for (const model::Site& site : sites) shares.push_back({site.stack, costs_of(site)});
  return sum_stacks(session, shares);
}

}  // namespace memwatch::analysis
