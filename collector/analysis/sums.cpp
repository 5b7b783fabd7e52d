#include "collector/analysis/sums.h"

#include <algorithm>

#include "collector/analysis/deviation.h"

namespace memwatch::analysis {
namespace {

void add(model::Totals& sum, const model::Totals& part) {
  sum.allocations += part.allocations;
  sum.frees += part.frees;
  sum.reallocations += part.reallocations;
  sum.allocated_bytes += part.allocated_bytes;
  sum.freed_bytes += part.freed_bytes;
  sum.failed += part.failed;
  sum.large += part.large;
  sum.temporary += part.temporary;
  sum.maps += part.maps;
  sum.unmaps += part.unmaps;
  sum.mapped_bytes += part.mapped_bytes;
  sum.unmapped_bytes += part.unmapped_bytes;
  sum.inherited_frees += part.inherited_frees;
  sum.allocated_deviation = combined_deviation(sum.allocated_deviation, part.allocated_deviation);
}

void add(model::Losses& sum, const model::Losses& part) {
  sum.dropped_allocations += part.dropped_allocations;
  sum.dropped_frees += part.dropped_frees;
  sum.unmatched_frees += part.unmatched_frees;
  sum.truncated_stacks += part.truncated_stacks;
  sum.stack_mismatches += part.stack_mismatches;
  sum.damaged_records += part.damaged_records;
  sum.children_unrecorded += part.children_unrecorded;
  sum.exact = sum.exact && part.exact;
}

}  // namespace

Sums sum_processes(const Selection& selection) {
  Sums sums;
  double first = 0, last = 0;
  bool any = false;
  for (const model::Process* process : selection.processes()) {
    add(sums.totals, process->totals);
    add(sums.losses, process->losses);
    for (std::size_t i = 0; i < kFunctionCount; ++i) {
      sums.functions[i].calls += process->functions[i].calls;
      sums.functions[i].bytes += process->functions[i].bytes;
      sums.functions[i].failed += process->functions[i].failed;
    }
    sums.live_bytes += process->heap.live_bytes;
    sums.live_blocks += process->heap.live_blocks;
    sums.live_deviation = combined_deviation(sums.live_deviation, process->heap.live_deviation);
    sums.peak_bytes_sum += process->heap.peak_bytes;
    sums.mapped_live_bytes += process->mapped.live_bytes;
    sums.mapped_peak_bytes += process->mapped.peak_bytes;
    first = any ? std::min(first, process->start) : process->start;
    last = any ? std::max(last, process->start + process->duration)
               : process->start + process->duration;
    any = true;
  }
  sums.duration = last - first;
  return sums;
}

const model::Process* largest_process(const Selection& selection) {
  const auto& processes = selection.processes();
  const auto largest = std::max_element(processes.begin(), processes.end(),
                                        [](const model::Process* a, const model::Process* b) {
                                          return a->heap.peak_bytes < b->heap.peak_bytes;
                                        });
  return largest == processes.end() ? nullptr : *largest;
}

}  // namespace memwatch::analysis
