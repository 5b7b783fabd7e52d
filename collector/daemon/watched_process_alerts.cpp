// What the alerts want to know of a recorded process.
#include <fmt/format.h>
#include <signal.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): sigabbrev_np is not in <cstring>

#include <algorithm>

#include "collector/analysis/growth_advice.h"
#include "collector/analysis/process_growth.h"
#include "collector/daemon/watched_process.h"

namespace memwatch::daemon {

alerts::ProcessKey WatchedProcess::key() const {
  return {pid_, start_ticks_, names_.shown};
}

alerts::Observation WatchedProcess::observe(Clock::time_point now) const {
  const model::Process& facts = recorder_->first_process();
  alerts::Observation seen;
  seen.process = key();
  seen.watched_for = std::chrono::duration<double>(now - start_).count();
  seen.rss = facts.rss.last;
  if (facts.mode != model::Mode::idle) {
    seen.heap = facts.heap.live_bytes;
    seen.heap_is_partial = was_joined_;
  }
  seen.failed = facts.totals.failed;
  seen.growth = growth_;
  return seen;
}

void WatchedProcess::judge_growth() {
  if (settings_.mode == model::Mode::idle) return;
  recorder_->settle();
  const analysis::ProcessGrowth found =
      analysis::find_growth(recorder_->first_process(), analysis::Sensitivity::medium);
  alerts::Growth growth;
  growth.round = growth_ ? growth_->round + 1 : 1;
  growth.pattern = analysis::growth_pattern_name(found.pattern);
  growth.confidence = found.confidence;
  growth.sites = found.sites.size();
  growth.bytes_per_second = found.bytes_per_second;
  growth.duration = found.duration;
  growth.severity = found.severity;
  growth.advice = found.recommendation;
  if (found.time_to_limit) {
    growth.limit = found.time_to_limit->limit;
    growth.seconds_to_limit = found.time_to_limit->range;
    growth.seconds_to_limit[0] = found.time_to_limit->seconds;
  }
  growing_stack_ = found.grows() && !found.sites.empty()
                       ? analysis::site_to_look_at(found, recorder_->first_process())
                       : model::kNone;
  growth_ = std::move(growth);
}

std::vector<recording::Alert::Frame> WatchedProcess::growing_site() const {
  return recorder_->innermost_frames(growing_stack_);
}

std::vector<recording::Alert::Frame> WatchedProcess::largest_site() const {
  const std::vector<model::Site>& sites = recorder_->first_process().sites;
  const auto largest = std::max_element(
      sites.begin(), sites.end(),
      [](const model::Site& a, const model::Site& b) { return a.live_bytes < b.live_bytes; });
  if (largest == sites.end() || largest->live_bytes == 0) return {};
  return recorder_->innermost_frames(largest->stack);
}

const model::TimelineSample& WatchedProcess::latest_sample() const {
  return recorder_->latest_sample();
}

std::string WatchedProcess::ending() const {
  const model::Process& facts = recorder_->first_process();
  switch (facts.exit_kind) {
    case model::ExitKind::exited:
      return fmt::format("the process has ended with status {}", facts.exit_code);
    case model::ExitKind::signaled: {
      const char* const name = sigabbrev_np(facts.exit_signal);
      return fmt::format("the process was killed by SIG{}{}", name != nullptr ? name : "?",
                         facts.out_of_memory_kill ? ", for lack of memory" : "");
    }
    case model::ExitKind::exec:
      return "the process runs another program now";
    default:
      return "the process has ended";
  }
}

}  // namespace memwatch::daemon
