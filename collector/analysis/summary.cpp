#include "collector/analysis/summary.h"

#include <set>

namespace memwatch::analysis {

Summary summarize(const Selection& selection, std::size_t top) {
  Summary summary;
  summary.sums = sum_processes(selection);
  summary.leaks = find_leaks(selection, top);
  summary.peak = find_peak(selection, top);
  summary.failures = find_failures(selection);
  summary.largest = summary.peak.largest;
  if (!selection.processes().empty()) summary.root = selection.processes().front();
  summary.root_end = summary.root;
  std::set<std::uint32_t> pids;
  if (summary.largest != nullptr) summary.coverage = find_coverage(*summary.largest);
  for (const model::Process* process : selection.processes()) {
    pids.insert(process->pid);
    if (process->pid == summary.root->pid && summary.root_end->exit_kind == model::ExitKind::exec) {
      summary.root_end = process;
    }
    summary.sampled = summary.sampled || process->mode == model::Mode::sample;
    summary.idle = summary.idle || process->mode == model::Mode::idle;
  }
  summary.pids = pids.size();
  return summary;
}

}  // namespace memwatch::analysis
