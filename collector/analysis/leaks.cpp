#include "collector/analysis/leaks.h"

#include <algorithm>

#include "collector/analysis/upkeep.h"

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
      case model::ExitKind::exec:
        break;
      case model::ExitKind::exited:
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
  const auto stays = [](const model::Process& process) {
    return process.exit_kind != model::ExitKind::exec;
  };
  const auto upkeep = [&](model::StackId stack) { return is_upkeep(selection.session(), stack); };
  report.by_bytes = rank_sites(selection, Cost::leaked, top,
                               {stays, [&](model::StackId stack) { return !upkeep(stack); }});
  report.upkeep = rank_sites(selection, Cost::leaked, top, {stays, upkeep});
  for (const model::Process* process : selection.processes()) {
    if (!stays(*process)) {
      report.exec_bytes += process->heap.live_bytes;
      continue;
    }
    report.bytes += process->heap.live_bytes;
    report.blocks += process->heap.live_blocks;
    if (process->heap.live_blocks > 0) report.holders.push_back(process);
  }
  std::stable_sort(report.holders.begin(), report.holders.end(),
                   [](const model::Process* a, const model::Process* b) {
                     return a->heap.live_bytes > b->heap.live_bytes;
                   });
  report.end = end_of_recording(selection);
  return report;
}

}  // namespace memwatch::analysis
