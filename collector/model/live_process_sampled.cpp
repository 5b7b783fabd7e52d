// What LiveProcess makes of a process that is sampled: the same sums as for one that is recorded
// exactly, of what the sampled blocks stand for, and beside them the variances of the bytes, from
// which reports have their error bars.
#include <algorithm>
#include <bit>
#include <cmath>

#include "collector/model/live_process.h"

namespace memwatch::model {

namespace {

std::uint64_t deviation(double variance) {
  return variance > 0 ? static_cast<std::uint64_t>(std::llround(std::sqrt(variance))) : 0;
}

}  // namespace

LiveProcess::SiteErrors& LiveProcess::errors_of(std::uint32_t site) {
  if (site >= site_errors_.size()) site_errors_.resize(site + 1);
  SiteErrors& errors = site_errors_[site];
  // As take_peak_share does for the bytes: before it is called for the same site.
  if (site_states_[site].peak_seen != peak_number_) errors.peak = errors.live;
  return errors;
}

void LiveProcess::grow_estimate(std::uint32_t site, const Estimate& estimate, double at) {
  SiteErrors& errors = errors_of(site);
  take_peak_share(site);
  Site& row = facts.sites[site];
  row.live_blocks += estimate.blocks;
  row.live_bytes += estimate.bytes;
  row.own_peak_bytes = std::max(row.own_peak_bytes, row.live_bytes);
  errors.live += estimate.variance;
  facts.heap.live_blocks += estimate.blocks;
  facts.heap.live_bytes += estimate.bytes;
  sum_errors_.live += estimate.variance;
  if (facts.heap.live_bytes > facts.heap.peak_bytes) {
    facts.heap.peak_bytes = facts.heap.live_bytes;
    facts.heap.peak_blocks = facts.heap.live_blocks;
    facts.heap.peak_at = at;
    sum_errors_.peak = sum_errors_.live;
    ++peak_number_;
  }
}

void LiveProcess::shrink_estimate(const SampledBlock& block) {
  SiteErrors& errors = errors_of(block.site);
  take_peak_share(block.site);
  Site& row = facts.sites[block.site];
  row.live_blocks -= block.estimate.blocks;
  row.live_bytes -= block.estimate.bytes;
  errors.live -= block.estimate.variance;
  facts.heap.live_blocks -= block.estimate.blocks;
  facts.heap.live_bytes -= block.estimate.bytes;
  sum_errors_.live -= block.estimate.variance;
}

// As count_stale_block: its free went past us.
void LiveProcess::count_stale_estimate(const SampledBlock& stale) {
  shrink_estimate(stale);
  facts.totals.frees += stale.estimate.blocks;
  facts.totals.freed_bytes += stale.estimate.bytes;
  ++facts.losses.dropped_frees;
}

void LiveProcess::sampled(Function function, std::uint64_t address, std::uint64_t size,
                          std::uint64_t interval, bool moved, const EventContext& context) {
  const std::uint32_t site = site_row(context.stack);
  const SampledBlock block{site, cohort_, size,
                           estimate_of(size, interval, sampled_.next_random())};
  SampledBlock stale;
  if (sampled_.add(address, block, &stale)) [[unlikely]] {
    count_stale_estimate(stale);
  }
  const auto& [blocks, bytes, variance] = block.estimate;
  grow_estimate(site, block.estimate, context.at);
  Site& row = facts.sites[site];
  ThreadTotals& thread = facts.threads[context.thread];
  (moved ? facts.totals.reallocations : facts.totals.allocations) += blocks;
  (moved ? row.reallocations : row.allocations) += blocks;
  (moved ? thread.reallocations : thread.allocations) += blocks;
  facts.totals.allocated_bytes += bytes;
  row.allocated_bytes += bytes;
  thread.allocated_bytes += bytes;
  site_errors_[site].allocated += variance;
  sum_errors_.allocated += variance;
  FunctionTotals& function_totals = totals_of(function);
  function_totals.calls += blocks;
  function_totals.bytes += bytes;
  thread_states_[context.thread].allocated_variance += variance;
  const auto width = static_cast<std::size_t>(std::bit_width(size));
  facts.sizes[width].allocations += blocks;
  facts.sizes[width].bytes += bytes;
  size_variances_[width] += variance;
  if (size >= large_threshold_) note_large(function, address, size, context);
}

bool LiveProcess::free_sampled(Function function, std::uint64_t address,
                               const EventContext& context) {
  SampledBlock block;
  if (!sampled_.remove(address, &block)) return false;
  shrink_estimate(block);
  note_least(block.site);
  // One that is so large was recorded for certain, and stands for itself alone.
  if (block.estimate.blocks == 1 && block.estimate.bytes >= large_threshold_) [[unlikely]] {
    note_large_freed(function, address, block.estimate.bytes, block.site, context);
  }
  totals_of(function).calls += block.estimate.blocks - 1;  // one is counted
  ThreadTotals& thread = facts.threads[context.thread];
  thread.frees += block.estimate.blocks;
  thread.freed_bytes += block.estimate.bytes;
  facts.totals.frees += block.estimate.blocks;
  facts.totals.freed_bytes += block.estimate.bytes;
  return true;
}

void LiveProcess::moved_away(std::uint64_t address) {
  SampledBlock block;
  if (!sampled_.remove(address, &block)) return;
  shrink_estimate(block);
  facts.totals.freed_bytes += block.estimate.bytes;
}

void LiveProcess::settle_errors() {
  for (std::uint32_t site = 0; site < site_errors_.size(); ++site) {
    const SiteErrors& errors = errors_of(site);
    Site& row = facts.sites[site];
    row.live_deviation = deviation(errors.live);
    row.peak_deviation = deviation(errors.peak);
    row.allocated_deviation = deviation(errors.allocated);
  }
  for (std::size_t thread = 0; thread < thread_states_.size(); ++thread) {
    facts.threads[thread].allocated_deviation =
        deviation(thread_states_[thread].allocated_variance);
  }
  for (std::size_t width = 0; width < kSizeBuckets; ++width) {
    facts.sizes[width].deviation = deviation(size_variances_[width]);
  }
  facts.heap.live_deviation = deviation(sum_errors_.live);
  facts.heap.peak_deviation = deviation(sum_errors_.peak);
  facts.totals.allocated_deviation = deviation(sum_errors_.allocated);
}

}  // namespace memwatch::model
