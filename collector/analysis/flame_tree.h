// The call tree that a flame graph draws: stacks merged by function, small frames folded away, so
// that the picture of a program with half a million call paths stays small enough to send and draw.
// A frame is kept when its share of any of the costs is at least `least_share`; the frames below
// one that are not are folded into one node that says how many there were. When more than
// `most_nodes` would be left, the largest are kept. Folding never changes a sum: the costs of a
// node are those of its children and its own.
// Source of the idea: Brendan Gregg's flame graphs. Thread safety: `functions` is the caller's.
// Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/analysis/code_functions.h"
#include "collector/analysis/stack_costs.h"

namespace memwatch::analysis {

struct FlameOptions {
  double least_share = 0.001;
  std::size_t most_nodes = 20'000;  // folded ones included, the root not
};

struct FlameNode {
  std::uint32_t depth = 0;  // 0 for the root; a child's is one more than its parent's
  // Where most of its allocated bytes come from; another line of the same function where `several`.
  FunctionAtAddress place;
  bool several = false;
  std::uint32_t folded = 0;  // > 0: this is no function but so many small frames of its parent
  Costs total{};
  Costs own{};  // without the children
};

struct FlameTree {
  std::vector<FlameNode> nodes;  // [0] is the root; children follow their parent, in depth order
  std::size_t folded = 0;        // sum of FlameNode::folded
  bool crowded = false;          // frames were folded for their number, not for their share
};

FlameTree make_flame_tree(const StackCosts& stacks, CodeFunctions& functions,
                          const FlameOptions& options = {});

}  // namespace memwatch::analysis
