// Sites of the selected processes summed by stack and sorted by a cost: the core of the views
// leaks, peak, hotspots and temporary.
// Thread safety: as the selection's. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct RankedSite {
  model::Site site;        // summed over the selected processes
  std::uint64_t cost = 0;  // cost_of(site, …)
  double share = 0;        // of Ranking::total, 0 to 1
  // Of definite leaks alone: indirect ones that are lost with these blocks. Part of the cost.
  std::uint64_t held_blocks = 0, held_bytes = 0;
};

struct Ranking {
  std::vector<RankedSite> rows;  // largest first, at most `top`
  std::uint64_t total = 0;       // over all stacks of the selected processes, filtered out or not
  std::uint64_t selected = 0;    // over the stacks that the filters leave
  std::size_t stacks = 0;        // how many of those have a cost at all
  std::uint64_t shown = 0;       // sum over rows
};

// What a ranking looks at beyond the selection; empty functions let everything in.
struct RankFilter {
  std::function<bool(const model::Process&)> process;  // others do not count in the total either
  std::function<bool(model::StackId)> stack;           // others count in the total
};

// Each stack once. peak_bytes are summed as well, so with several processes they add up to the sum
// of the peaks, each at its own time; own_peak_bytes is the largest of any one process.
// Stacks that the filters reject are left out.
std::vector<model::Site> merged_sites(const Selection& selection, const RankFilter& filter = {});

// What leaked of each stack, over the processes: definite, indirect and possible where a leak check
// was made, else what was live at the end; less what is suppressed. Stacks are not filtered.
std::unordered_map<model::StackId, std::uint64_t> leaked_by_stack(const Selection& selection,
                                                                  const RankFilter& filter = {});

// The selected sites of one process as its rows in a list for programs: those that cost most first,
// at most `top` of them (0 all). Pointers into the process.
std::vector<const model::Site*> sites_by_cost(const Selection& selection,
                                              const model::Process& process, Cost cost,
                                              std::size_t top);

// top 0 means all.
Ranking rank_sites(const Selection& selection, Cost cost, std::size_t top,
                   const RankFilter& filter = {});

}  // namespace memwatch::analysis
