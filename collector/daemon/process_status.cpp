#include "collector/daemon/process_status.h"

namespace memwatch::daemon {

ProcessStatus status_of(const model::Process& facts) {
  ProcessStatus status;
  status.exe = facts.exe;
  status.command = facts.command;
  status.exit_kind = facts.exit_kind;
  status.exit_code = facts.exit_code;
  status.exit_signal = facts.exit_signal;
  status.mode = facts.mode;
  status.sample_interval = facts.sample_interval;
  status.live_bytes = facts.heap.live_bytes;
  status.live_blocks = facts.heap.live_blocks;
  status.live_deviation = facts.heap.live_deviation;
  status.peak_bytes = facts.heap.peak_bytes;
  status.mapped_bytes = facts.mapped.live_bytes;
  status.totals = facts.totals;
  status.dropped = facts.losses.dropped_allocations + facts.losses.dropped_frees;
  status.rss = facts.rss.last;
  status.rss_peak = facts.rss.peak;
  return status;
}

}  // namespace memwatch::daemon
