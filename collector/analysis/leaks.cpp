#include "collector/analysis/leaks.h"

#include <algorithm>

namespace memwatch::analysis {

ProcessLeaks leaks_of(const model::Process& process, const Selection& selection) {
  ProcessLeaks leaks;
  leaks.complete = process.mode == model::Mode::exact && process.losses.exact &&
                   process.exit_kind != model::ExitKind::lost;
  for (const model::Site& site : process.sites) {
    if (site.live_blocks == 0 || !selection.includes(site.stack)) continue;
    leaks.records.push_back(
        LeakRecord{"unclassified", site.live_blocks, site.live_bytes, site.stack});
  }
  std::sort(leaks.records.begin(), leaks.records.end(),
            [](const LeakRecord& a, const LeakRecord& b) {
              return a.bytes != b.bytes ? a.bytes > b.bytes : a.stack < b.stack;
            });
  return leaks;
}

EndOfRecording end_of_recording(const Selection& selection) {
  bool exited = false, signaled = false, running = false;
  for (const model::Process* process : selection.processes()) {
    switch (process->exit_kind) {
      case model::ExitKind::exited:
      case model::ExitKind::exec:
        exited = true;
        break;
      case model::ExitKind::signaled:
        signaled = true;
        break;
      case model::ExitKind::running:
      case model::ExitKind::lost:
        running = true;
        break;
    }
  }
  if (exited && !signaled && !running) return EndOfRecording::exited;
  if (signaled && !exited && !running) return EndOfRecording::signaled;
  if (running && !exited && !signaled) return EndOfRecording::running;
  return EndOfRecording::mixed;
}

LeakReport find_leaks(const Selection& selection, std::size_t top) {
  LeakReport report;
  report.by_bytes = rank_sites(selection, Cost::leaked, top);
  for (const model::Process* process : selection.processes()) {
    report.bytes += process->heap.live_bytes;
    report.blocks += process->heap.live_blocks;
  }
  report.end = end_of_recording(selection);
  return report;
}

}  // namespace memwatch::analysis
