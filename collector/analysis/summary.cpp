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
  for (const model::Process* process : selection.processes()) {
    pids.insert(process->pid);
    // By samples: what the system tells of a process at its end includes its children.
    const std::optional<Coverage> coverage = find_coverage(*process);
    if (coverage && (!summary.coverage || coverage->rss > summary.coverage->rss)) {
      summary.coverage = coverage;
      summary.resident = process;
    }
    if (process->pid == summary.root->pid && summary.root_end->exit_kind == model::ExitKind::exec) {
      summary.root_end = process;
    }
    summary.sampled = summary.sampled || process->mode == model::Mode::sample;
    summary.idle = summary.idle || process->mode == model::Mode::idle;
  }
  summary.pids = pids.size();
  summary.complete = selection.session().complete;
  return summary;
}

}  // namespace memwatch::analysis
