#include "collector/analysis/ranking.h"

#include <algorithm>

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

bool is_leaked(const model::LeakRow& row) {
  return row.suppression == 0 && row.kind != model::LeakKind::reachable;
}

}  // namespace

std::unordered_map<model::StackId, std::uint64_t> leaked_by_stack(const Selection& selection,
                                                                  const RankFilter& filter) {
  std::unordered_map<model::StackId, std::uint64_t> leaked;
  for (const model::Process* process : selection.processes()) {
    if (filter.process && !filter.process(*process)) continue;
    if (process->leak_check.method == model::LeakMethod::reachability) {
      for (const model::LeakRow& row : process->leaks) {
        if (is_leaked(row)) leaked[row.stack] += row.bytes;
      }
      continue;
    }
    for (const model::Site& site : process->sites) leaked[site.stack] += site.live_bytes;
    for (const model::LeakRow& row : process->leaks) {
      if (row.suppression != 0) leaked[row.stack] -= std::min(leaked[row.stack], row.bytes);
    }
  }
  return leaked;
}

std::vector<model::Site> merged_sites(const Selection& selection, const RankFilter& filter) {
  std::vector<model::Site> sites;
  std::vector<std::uint32_t> row_of;  // by stack, plus one
  for (const model::Process* process : selection.processes()) {
    if (filter.process && !filter.process(*process)) continue;
    if (sites.empty()) sites.reserve(process->sites.size());
    for (const model::Site& site : process->sites) {
      if (!selection.includes(site.stack)) continue;
      if (site.stack >= row_of.size()) {
        row_of.resize(std::max(selection.session().stacks.size(), std::size_t{site.stack} + 1));
      }
      std::uint32_t& row = row_of[site.stack];
      if (row != 0) {
        add(sites[row - 1], site);
        continue;
      }
      sites.push_back(site);
      row = static_cast<std::uint32_t>(sites.size());
    }
  }
  return sites;
}

std::vector<const model::Site*> sites_by_cost(const Selection& selection,
                                              const model::Process& process, Cost cost,
                                              std::size_t top) {
  std::unordered_map<model::StackId, std::uint64_t> leaked;
  if (cost == Cost::leaked) leaked = leaked_by_stack(selection.of_process(process));
  struct Row {
    std::uint64_t cost;
    const model::Site* site;
  };
  std::vector<Row> rows;
  for (const model::Site& site : process.sites) {
    if (!selection.includes(site.stack)) continue;
    rows.push_back({cost == Cost::leaked ? leaked[site.stack] : cost_of(site, cost), &site});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.cost > b.cost; });
  if (top != 0 && rows.size() > top) rows.resize(top);
  std::vector<const model::Site*> sites;
  sites.reserve(rows.size());
  for (const Row& row : rows) sites.push_back(row.site);
  return sites;
}

Ranking rank_sites(const Selection& selection, Cost cost, std::size_t top,
                   const RankFilter& filter) {
  Ranking ranking;
  std::unordered_map<model::StackId, std::uint64_t> leaked;
  if (cost == Cost::leaked) {
    leaked = leaked_by_stack(selection, filter);
    for (const auto& [stack, bytes] : leaked) ranking.total += bytes;
  }
  std::vector<const model::Process*> processes;
  for (const model::Process* process : selection.processes()) {
    if (filter.process && !filter.process(*process)) continue;
    processes.push_back(process);
    if (cost == Cost::leaked) continue;
    for (const model::Site& site : process->sites) ranking.total += cost_of(site, cost);
  }
  // One process has each stack once already. A compiler's has 100 000: none is copied but the top.
  const bool is_single = processes.size() == 1;
  const std::vector<model::Site> merged =
      is_single ? std::vector<model::Site>{} : merged_sites(selection, filter);
  struct Candidate {
    std::uint64_t cost;
    const model::Site* site;
  };
  std::vector<Candidate> candidates;
  for (const model::Site& site : is_single ? processes.front()->sites : merged) {
    const std::uint64_t value = cost == Cost::leaked ? leaked[site.stack] : cost_of(site, cost);
    if (value == 0 || !selection.includes(site.stack)) continue;
    if (filter.stack && !filter.stack(site.stack)) continue;
    ranking.selected += value;
    candidates.push_back({value, &site});
  }
  ranking.stacks = candidates.size();
  // Ties go to the smaller stack id, so that the same session always gives the same text.
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.cost != b.cost ? a.cost > b.cost : a.site->stack < b.site->stack;
  };
  const std::size_t keep = top == 0 ? candidates.size() : std::min(top, candidates.size());
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(keep),
                    candidates.end(), before);
  ranking.rows.reserve(keep);
  for (std::size_t i = 0; i < keep; ++i) {
    const Candidate& candidate = candidates[i];
    ranking.shown += candidate.cost;
    const double share = static_cast<double>(candidate.cost) / static_cast<double>(ranking.total);
    ranking.rows.push_back(RankedSite{*candidate.site, candidate.cost, share});
  }
  return ranking;
}

}  // namespace memwatch::analysis
