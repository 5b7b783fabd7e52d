#include "collector/analysis/peak.h"

#include "collector/analysis/sums.h"

namespace memwatch::analysis {

PeakReport find_peak(const Selection& selection, std::size_t top) {
  PeakReport report;
  report.by_share = rank_sites(selection, Cost::peak, top);
  report.largest = largest_process(selection);
  for (const model::Process* process : selection.processes()) {
    report.sum_bytes += process->heap.peak_bytes;
    if (process->heap.peak_bytes > 0) ++report.processes;
  }
  return report;
}

}  // namespace memwatch::analysis
