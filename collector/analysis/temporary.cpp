#include "collector/analysis/temporary.h"

namespace memwatch::analysis {

TemporaryReport find_temporary(const Selection& selection, std::size_t top) {
  TemporaryReport report{rank_sites(selection, Cost::temporary, top), 0};
  for (const model::Process* process : selection.processes()) {
    report.allocations += process->totals.allocations;
  }
  return report;
}

}  // namespace memwatch::analysis
