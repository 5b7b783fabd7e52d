// Who called the allocation functions, as a tree from the innermost caller outwards: each node has
// the bytes of all stacks that pass through it. Only nodes that hold at least a threshold are made,
// so that a tree of 100 000 stacks costs what its large branches cost.
// Thread safety: as the selection's. Errors: none. Units: bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct CallerNode {
  model::CodeAddressId address = model::kNone;  // kNone: the allocation functions themselves
  std::uint64_t bytes = 0;
  std::vector<CallerNode> callers;  // most bytes first
  // Callers that hold less than the threshold.
  std::uint64_t small_bytes = 0, small_count = 0;
};

struct CallerTree {
  CallerNode root;  // its bytes: all stacks of the process, selected or not
  std::uint64_t unselected_bytes = 0, unselected_stacks = 0;
};

// `process` is one of the selection's. Branches end after `depth` addresses.
CallerTree make_caller_tree(const Selection& selection, const model::Process& process, Cost cost,
                            double threshold_share, std::size_t depth);

}  // namespace memwatch::analysis
