// The figures over time: samples of memory, and the epochs by which growth is judged.
#include <algorithm>
#include <ctime>

#include "collector/recording/recorder_state.h"

namespace memwatch::recording {

namespace {

double thread_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace

void Recorder::State::sample(ProcessRecord& record, bool forced) {
  constexpr double kNearly = 0.9;  // looks come on a beat, and must not miss it by a hair
  const double at = now();
  const bool is_due = forced || record.timeline.is_due(at);
  if (!is_due && (!options.keeps_figures_fresh || at < record.next_figures_at)) return;
  record.next_figures_at =
      at + std::chrono::duration<double>(options.sample_interval).count() * kNearly;
  model::TimelineSample sample;
  std::uint64_t rss_peak = 0;
  if (!sample_kernel(record, at, *cgroups, &sample, &rss_peak)) return;
  model::Process& process = record.tracked->live().facts;
  sample.at = at;
  sample.live_bytes = process.heap.live_bytes;
  sample.live_blocks = process.heap.live_blocks;
  sample.mapped_bytes = process.mapped.live_bytes;
  sample.allocations = process.totals.allocations;
  process.rss.last = sample.rss;
  process.rss.peak = std::max(process.rss.peak, rss_peak);
  ++process.rss.samples;
  record.latest = sample;
  if (is_due) record.timeline.add(process.timeline, sample);
}

// Its cost is measured in processor time: on a busy machine a clock would stretch the epochs.
void Recorder::State::end_epoch_if_due(model::LiveProcess& live) const {
  const double at = now();
  if (!live.is_epoch_due(at)) return;
  const double before = thread_seconds();
  live.end_epoch(at);
  live.add_epoch_cost(thread_seconds() - before);
}

}  // namespace memwatch::recording
