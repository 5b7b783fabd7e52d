#include "collector/daemon/watched_process.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "collector/daemon/process_status.h"
#include "collector/procfs/process_identity.h"

namespace memwatch::daemon {

namespace {

using std::chrono::milliseconds;

// Resident memory is looked at once a second, and shares of it seldom, since that walks page
// tables.
constexpr milliseconds kSampleInterval{1000};
constexpr std::chrono::seconds kPssInterval{300};

// A target that runs idle writes no records: its counters and its flight ring can wait. One that is
// sampled as coarsely as this fills a ring in minutes, or with blocks of megabytes, all of which
// are recorded, in a quarter of a second at one in 20 microseconds: who touches them takes five
// times as long. So one of which nothing has come of late can wait as well: of a thousand that do
// nothing, looks were half of the cost.
constexpr milliseconds kIdleLook{250}, kSampledLook{100};
constexpr std::uint64_t kCoarseSampling = 64U << 10;

}  // namespace

WatchedProcess::WatchedProcess(pid_t pid, std::uint64_t start_ticks, ProgramNames names,
                               ProcessSettings settings)
    : pid_(pid),
      start_ticks_(start_ticks),
      names_(std::move(names)),
      settings_(settings),
      end_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

Result<void> WatchedProcess::create_recorder(SharedParts& shared) {
  recording::RecorderOptions options;
  options.on_full = settings_.on_full;
  options.mode = settings_.mode;
  options.large_threshold = settings_.large;
  options.bytes_between_samples = settings_.sample_interval;
  options.sample_interval = kSampleInterval;
  options.pss_interval = kPssInterval;
  options.keeps_figures_fresh = true;
  // A process's end is not held up for a verdict that nobody may want; `memwatch leaks` asks for
  // it.
  options.leak_check = recording::LeakCheckMode::none;
  options.command = procfs::process_command(pid_);
  options.pulse = &shared.pulse;
  options.rendezvous = &shared.rendezvous;
  options.cgroups = &shared.cgroups;
  Result<std::unique_ptr<recording::Recorder>> created =
      recording::Recorder::create(std::move(options));
  if (!created) return created.error();
  recorder_ = *std::move(created);
  start_ = recorder_->started();
  recorder_->on_warning = shared.warn;
  recorder_->on_checking = shared.on_checking;
  recorder_->on_alert = [this, &shared](const recording::Alert& alert) {
    Event event;
    event.kind = alert.is_failure ? Event::Kind::failure : Event::Kind::large;
    event.pid = pid_;
    event.tid = alert.tid;
    event.name = names_.shown;
    event.function = alert.function;
    event.size = alert.size;
    event.error_number = alert.error_number;
    shared.add_event(std::move(event), start_ + std::chrono::duration_cast<Clock::duration>(
                                                    std::chrono::duration<double>(alert.at)));
    if (shared.alert_of) shared.alert_of(*this, alert);
  };
  recorder_->on_large_freed = [this, &shared](const recording::Alert& alert) {
    if (shared.release_of) shared.release_of(*this, alert);
  };
  return {};
}

Result<std::unique_ptr<WatchedProcess>> WatchedProcess::attach(const intake::SegmentName& segment,
                                                               ProgramNames names,
                                                               ProcessSettings settings,
                                                               SharedParts& shared) {
  std::unique_ptr<WatchedProcess> process(
      new WatchedProcess(segment.pid, segment.start_time, std::move(names), settings));
  if (const auto created = process->create_recorder(shared); !created) return created.error();
  if (const auto attached = process->recorder_->attach(segment); !attached) {
    return attached.error();
  }
  process->was_joined_ = true;
  process->plan_next_look();
  return process;
}

Result<std::unique_ptr<WatchedProcess>> WatchedProcess::welcome(intake::Visitor visitor,
                                                                ProgramNames names,
                                                                ProcessSettings settings,
                                                                SharedParts& shared) {
  std::unique_ptr<WatchedProcess> process(
      new WatchedProcess(visitor.pid, procfs::process_start_ticks(visitor.pid).value_or(0U),
                         std::move(names), settings));
  if (const auto created = process->create_recorder(shared); !created) return created.error();
  if (const auto welcomed = process->recorder_->welcome(std::move(visitor)); !welcomed) {
    return welcomed.error();
  }
  process->plan_next_look();
  return process;
}

void WatchedProcess::plan_next_look() {
  milliseconds distance = recorder_->until_next_look();
  if (distance >= recording::Pace::kIdle) {
    if (settings_.mode == model::Mode::idle) {
      distance = kIdleLook;
    } else if (settings_.sample_interval >= kCoarseSampling) {
      distance = recorder_->is_silent() ? kIdleLook : kSampledLook;
    }
  }
  // On a common beat, so that many processes are looked at in one wake-up.
  const auto now = Clock::now().time_since_epoch();
  const Clock::duration step = std::max(distance, milliseconds(1));
  next_look_ = Clock::time_point(now - now % step + step);
}

void WatchedProcess::look(bool may_have_ended) {
  recorder_->look(may_have_ended);
  if (recorder_->living_processes() == 0) {
    note_end();
  } else {
    plan_next_look();
  }
}

// A watch fills rings that were looked at seldom so far.
void WatchedProcess::check_leaks(recording::LeakQuestion question) {
  recorder_->check_leaks(std::move(question));
  plan_next_look();
}

void WatchedProcess::answer_leaks_request(intake::Visitor visitor) {
  recorder_->answer_leaks_request(std::move(visitor));
  plan_next_look();
}

void WatchedProcess::image_replaced() {
  recorder_->image_replaced();
  note_end();
}

void WatchedProcess::note_end() {
  has_ended_ = true;
  ended_at_ = Clock::now();
  end_.reset();
}

history::ProcessSample WatchedProcess::sample(std::int64_t time_ms) const {
  const model::Process& facts = recorder_->first_process();
  history::ProcessSample row;
  row.process = {pid_, start_ticks_, names_.shown};
  row.sample.time_ms = time_ms;
  row.sample.rss = row.sample.rss_max = facts.rss.last;
  if (facts.mode != model::Mode::idle) {
    row.sample.live = row.sample.live_max = facts.heap.live_bytes;
  }
  row.sample.allocations = facts.totals.allocations;
  row.sample.large = facts.totals.large;
  row.sample.failed = facts.totals.failed;
  return row;
}

ProcessStatus WatchedProcess::describe(Clock::time_point now) const {
  recorder_->settle();
  ProcessStatus status = status_of(recorder_->first_process());
  status.pid = pid_;
  status.start_ticks = start_ticks_;
  status.name = names_.shown;
  status.is_running = !has_ended_;
  const Clock::time_point until = has_ended_ ? ended_at_ : now;
  status.watched_for = std::chrono::duration<double>(until - start_).count();
  status.ended_ago = std::chrono::duration<double>(now - until).count();
  status.was_joined = was_joined_;
  return status;
}

}  // namespace memwatch::daemon
