#include "collector/analysis/ranking.h"

#include <algorithm>
#include <unordered_map>

#include "collector/analysis/deviation.h"

namespace memwatch::analysis {
namespace {

void add(model::Site& sum, const model::Site& site) {
  sum.allocations += site.allocations;
  sum.reallocations += site.reallocations;
  sum.allocated_bytes += site.allocated_bytes;
  sum.live_blocks += site.live_blocks;
  sum.live_bytes += site.live_bytes;
  sum.peak_bytes += site.peak_bytes;
  sum.own_peak_bytes = std::max(sum.own_peak_bytes, site.own_peak_bytes);
  sum.temporary += site.temporary;
  sum.live_deviation = combined_deviation(sum.live_deviation, site.live_deviation);
  sum.peak_deviation = combined_deviation(sum.peak_deviation, site.peak_deviation);
  sum.allocated_deviation = combined_deviation(sum.allocated_deviation, site.allocated_deviation);
}

}  // namespace

std::vector<model::Site> merged_sites(const Selection& selection, const RankFilter& filter) {
  std::vector<model::Site> sites;
  std::unordered_map<model::StackId, std::size_t> index;
  for (const model::Process* process : selection.processes()) {
    if (filter.process && !filter.process(*process)) continue;
    for (const model::Site& site : process->sites) {
      if (!selection.includes(site.stack)) continue;
      const auto [entry, is_new] = index.try_emplace(site.stack, sites.size());
      if (is_new) sites.push_back(model::Site{.stack = site.stack});
      add(sites[entry->second], site);
    }
  }
  return sites;
}

Ranking rank_sites(const Selection& selection, Cost cost, std::size_t top,
                   const RankFilter& filter) {
  Ranking ranking;
  for (const model::Process* process : selection.processes()) {
    if (filter.process && !filter.process(*process)) continue;
    for (const model::Site& site : process->sites) ranking.total += cost_of(site, cost);
  }
  for (model::Site& site : merged_sites(selection, filter)) {
    const std::uint64_t value = cost_of(site, cost);
    if (value == 0 || (filter.stack && !filter.stack(site.stack))) continue;
    ranking.selected += value;
    ranking.rows.push_back(RankedSite{site, value, 0});
  }
  ranking.stacks = ranking.rows.size();
  // Ties go to the smaller stack id, so that the same session always gives the same text.
  const auto before = [](const RankedSite& a, const RankedSite& b) {
    return a.cost != b.cost ? a.cost > b.cost : a.site.stack < b.site.stack;
  };
  const std::size_t keep = top == 0 ? ranking.rows.size() : std::min(top, ranking.rows.size());
  std::partial_sort(ranking.rows.begin(), ranking.rows.begin() + static_cast<std::ptrdiff_t>(keep),
                    ranking.rows.end(), before);
  ranking.rows.resize(keep);
  for (RankedSite& row : ranking.rows) {
    ranking.shown += row.cost;
    row.share = static_cast<double>(row.cost) / static_cast<double>(ranking.total);
  }
  return ranking;
}

}  // namespace memwatch::analysis
