// What every stack and every part of one cost: the costs of sites summed along the stack tree, so
// that a node knows what all stacks through it cost together. The base of the flame graph and of
// the list of functions; only the nodes that the sites reach are in it.
// Thread safety: read-only, pure function. Errors: none; a stack id outside of its table counts as
// the unknown stack. Units: bytes and counts, as Cost says. Sums are exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/analysis/cost.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

inline constexpr std::size_t kCosts = kCostNames.size();
using Costs = std::array<std::uint64_t, kCosts>;  // by Cost

Costs costs_of(const model::Site& site);
void add(Costs& sum, const Costs& part);

struct StackCostNode {
  model::StackId stack = model::kNone;  // kNone: the root, and the child for the unknown stack
  model::CodeAddressId address = model::kNone;
  std::uint32_t parent = 0;                         // index; of the root its own
  std::uint32_t first_child = 0, next_sibling = 0;  // indices; 0: there is none
  Costs total{};                                    // of all stacks that go through here
};

// [0] is the root, with the costs of everything; parents come before their children.
using StackCosts = std::vector<StackCostNode>;

// What one stack costs by itself.
struct StackShare {
  model::StackId stack = model::kNone;
  Costs costs{};
};

// The five numbers are whatever the caller counts; of sites they are the costs that Cost names.
StackCosts sum_stacks(const model::Session& session, std::span<const StackShare> shares);
StackCosts sum_stacks(const model::Session& session, std::span<const model::Site> sites);

}  // namespace memwatch::analysis
