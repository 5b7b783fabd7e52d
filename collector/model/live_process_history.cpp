// What LiveProcess adds to its history when an epoch ends.
#include <algorithm>

#include "collector/model/live_process.h"

namespace memwatch::model {

void LiveProcess::end_epoch(double at) {
  for (std::uint32_t site = 0; site < facts.sites.size(); ++site) {
    const std::uint64_t live = facts.sites[site].live_bytes;
    history_.add_least(site, std::min(site_states_[site].least_bytes, live));
    site_states_[site].least_bytes = live;
  }
  HeapEpoch epoch;
  epoch.end = at;
  epoch.least_bytes = std::min(least_bytes_, facts.heap.live_bytes);
  epoch.allocated_bytes = facts.totals.allocated_bytes;
  epoch.unknown_frees =
      facts.losses.unmatched_frees + facts.totals.inherited_frees + facts.losses.dropped_frees;
  least_bytes_ = facts.heap.live_bytes;
  history_.add_epoch(epoch);
  if (history_.is_cohort_full()) look_at_survivors();
  if (history_.merge_if_full()) {
    heap_.halve_cohorts();
    sampled_.halve_cohorts();
  }
  cohort_ = history_.cohort();
  cohort_origin_ = LiveBlock::origin_of(0, cohort_);
}

void LiveProcess::look_at_survivors() {
  HeapHistory::Look look(history_);
  heap_.for_each([&](const LiveBlock& block) { look.add(block.site, block.cohort(), block.size); });
  sampled_.for_each(
      [&](const SampledBlock& block) { look.add(block.site, block.cohort, block.estimate.bytes); });
  look.finish();
}

}  // namespace memwatch::model
