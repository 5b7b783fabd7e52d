#include "collector/analysis/large.h"

#include <algorithm>

namespace memwatch::analysis {

LargeReport find_large(const Selection& selection) {
  LargeReport report;
  report.threshold_bytes = selection.session().large_threshold;
  for (const model::Process* process : selection.processes()) {
    report.total += process->totals.large;
    for (const model::LargeAllocation& allocation : process->large) {
      if (selection.includes(allocation.stack)) {
        report.rows.push_back(LargeRow{process, &allocation});
      }
    }
  }
  std::stable_sort(report.rows.begin(), report.rows.end(),
                   [](const LargeRow& a, const LargeRow& b) {
                     return a.allocation->requested > b.allocation->requested;
                   });
  return report;
}

}  // namespace memwatch::analysis
