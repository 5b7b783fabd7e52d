// Blocks that explain a site's totals: a session keeps sums per stack and no single blocks, but the
// heaptrack format is made of blocks. For each site this finds a set of blocks, each with a size
// and a life, that adds up to exactly what was recorded: calls, bytes, temporary ones, bytes live
// at the process's peak, blocks and bytes live at the end.
//
//   calls = kept + late + released + passing + temporary + temporary_at_peak      (counts)
//   peak_bytes = kept + released + temporary_at_peak                              (bytes)
//   live       = kept + late                                                      (counts, bytes)
//
// Sizes are spread evenly, since single ones are not known; so no block is larger than the site's
// own maximum. What is recorded exactly has such a set, because the real blocks are one; estimates
// of a sample may not, and are then bent to the nearest that has: peak and live bytes stay.
//
// Thread safety: pure functions. Errors: none. Units: bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::analysis {

// Blocks of nearly one size: `count` of them, the first bytes % count one byte larger than the
// rest.
struct Blocks {
  std::uint64_t count = 0, bytes = 0;
};

struct SitePlan {
  model::StackId stack = model::kNone;
  Blocks kept;               // live at the peak and at the end
  Blocks late;               // allocated after the peak, live at the end
  Blocks released;           // live at the peak, freed after it
  Blocks passing;            // freed, neither live at the peak nor temporary
  Blocks temporary;          // freed before the next allocation, not live at the peak
  Blocks temporary_at_peak;  // at most one: every freed block of the site was temporary
};

struct BlockPlan {
  std::vector<SitePlan> sites;  // in order of their stacks' ids
  std::uint64_t peak_bytes = 0;
  // Passing blocks as large as the whole peak need an empty heap, so that nothing that was live at
  // the peak may stay. Then no site keeps any, unless its totals leave no other way.
  bool empties = false;
};

BlockPlan plan_blocks(const model::Process& process);

// The largest block of such a set.
constexpr std::uint64_t largest_size(const Blocks& blocks) {
  return blocks.count == 0 ? 0 : blocks.bytes / blocks.count + (blocks.bytes % blocks.count != 0);
}

}  // namespace memwatch::analysis
