// How records end: the process has ended, runs another image, or is let go and goes on. What is
// known of it by then goes into its row of the session.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "collector/procfs/cgroup.h"
#include "collector/procfs/process_identity.h"
#include "collector/recording/recorder_state.h"
#include "collector/recording/unrecorded.h"

namespace memwatch::recording {

namespace {

void note_lost_memory(const intake::Segment& segment, model::Process* process) {
  if (!segment.is_cut_short()) return;
  process->notes.push_back(
      "Part of its shared memory was gone when it was to be read (cut off by somebody, or /dev/shm "
      "was full): what was "
      "there is missing");
}

void note_unjudged(const protocol::SegmentHeader& header, model::Process* process) {
  const std::uint32_t unjudged = header.unjudged.load(std::memory_order_relaxed);
  if (unjudged == 0) return;
  process->notes.push_back(
      "memwatch did not say in time of " + std::to_string(unjudged) +
      (unjudged == 1 ? " call whether it was" : " calls whether they were") +
      " to fail (the machine was busy, or memwatch was stopped): they went on");
}

}  // namespace

void Recorder::State::end_record(ProcessRecord& record, std::optional<model::ExitKind> kind) {
  give_up_watch(record, kind == model::ExitKind::exec ? "exec replaced it meanwhile"
                                                      : "it has ended meanwhile");
  intake::TrackedProcess& tracked = *record.tracked;
  tracked.drain_to_end();
  hear_of_programs(record);
  collect_idle(record, true);
  collect_losses(record);
  model::Process& process = tracked.live().facts;
  process.duration = now() - process.start;
  const bool went_on = tracked.segment().header().exec_pending.load(std::memory_order_relaxed) != 0;
  if (kind) {
    process.exit_kind = *kind;
  } else if (const auto early = early_child_statuses.find(process.pid);
             early != early_child_statuses.end()) {
    set_exit_from_wait_status(early->second, &process);
    early_child_statuses.erase(early);
  } else {
    resolve_exit(record, &process);
  }
  if (!kind && went_on) {
    note_went_on_unrecorded(&process);
  }
  record.awaits_verdict = !record.may_have_been_late && has_taken_nothing(record) &&
                          process.exit_kind == model::ExitKind::lost;
  if (!record.awaits_verdict) {
    if (const char* why = why_unrecorded(record, process)) {
      warn("process " + std::to_string(record.pid) + " ran unrecorded: " + why);
    }
    note_what_is_missing(record, &process);
  }
  own_allocators.add_to(&process);
  note_lost_memory(tracked.segment(), &process);
  note_peak_rss(record, &process);
  note_unjudged(tracked.segment().header(), &process);
  if (process.exit_kind == model::ExitKind::signaled && process.exit_signal == SIGKILL &&
      record.cgroup.location()) {
    const auto memory = procfs::read_cgroup_memory(*record.cgroup.location());
    process.out_of_memory_kill = memory && memory->out_of_memory_kills > record.kills_before;
  }
  settle_leaks(record, options.leak_check);
  tracked.live().settle();
  notice(std::to_string(record.pid) + " has ended: " + std::to_string(process.totals.allocations) +
         " allocations");
  pulse->remove(&tracked.segment().header());
  tracked.segment().remove();
  session.processes[record.row] = std::move(process);
  note_children(record);
  record.tracked.reset();
  record.process.reset();
  record.maps.reset();
  record.memory.reset();
  for (const auto& child : records) {
    if (child->awaits_inheritance && child->parent_segment_id == record.segment_id) inherit(*child);
  }
}

// Who had taken nothing when it ended: whoever knows that a signal ended it has told by now.
void Recorder::State::give_verdict(ProcessRecord& record) {
  record.awaits_verdict = false;
  model::Process& process = session.processes[record.row];
  if (process.exit_kind == model::ExitKind::signaled) return;
  note_nothing_taken(&process);
  warn("process " + std::to_string(record.pid) + " ran unrecorded");
}

// Leaves a running process to itself: idle, without a collector, ready for the next one.
void Recorder::State::detach_record(ProcessRecord& record) {
  give_up_watch(record, "the recording that was asked has ended");
  intake::TrackedProcess& tracked = *record.tracked;
  sample(record, true);
  intake::SegmentSettings idle;
  idle.control = protocol::Control::idle;
  idle.on_full = protocol::OnFull::drop;
  idle.large_bytes = std::min(options.large_threshold, protocol::kUnattendedLargeBytes);
  tracked.segment().apply(idle);
  // Hooks that were under way finish their record within moments, and who has just been given its
  // segment begins to use it.
  constexpr int kMostMoments = 10;
  for (int moment = 0; moment < kMostMoments; ++moment) {
    usleep(2000);
    if (!has_taken_nothing(record) || now() - record.answered_at > 1) break;
  }
  tracked.drain_to_end();
  hear_of_programs(record);
  collect_idle(record, true);
  collect_losses(record);
  tracked.live().settle();
  pulse->remove(&tracked.segment().header());
  model::Process& process = tracked.live().facts;
  note_what_is_missing(record, &process);
  own_allocators.add_to(&process);
  note_lost_memory(tracked.segment(), &process);
  process.duration = now() - process.start;
  process.exit_kind = model::ExitKind::running;
  settle_leaks(record, options.leak_check);
  intake::release_charge(tracked.segment());
  // Whoever ended in between can no longer remove its own segment.
  if (procfs::process_start_ticks(record.pid) != record.start_time ||
      procfs::zombie_wait_status(record.pid)) {
    tracked.segment().remove();
  }
  session.processes[record.row] = std::move(process);
  note_unrecorded_children(tracked.unrecorded_children(), record.declined_children,
                           &session.processes[record.row]);
  record.tracked.reset();
}

bool Recorder::State::has_ended(const ProcessRecord& record) {
  if (record.process.is_open()) {
    pollfd ended{record.process.get(), POLLIN, 0};
    return poll(&ended, 1, 0) == 1;
  }
  return procfs::process_start_ticks(record.pid) != record.start_time ||
         procfs::zombie_wait_status(record.pid);
}

// Where there is a descriptor, the turn's own poll has told whether a look is worth while.
void Recorder::State::notice_ends(bool some_ended) {
  for (const auto& record : records) {
    if (!record->is_alive() || (record->process.is_open() && !some_ended)) continue;
    if (has_ended(*record)) end_record(*record, std::nullopt);
  }
}

void Recorder::image_replaced() {
  for (const auto& record : state_->records) {
    if (record->is_alive()) state_->end_record(*record, model::ExitKind::exec);
  }
}

void Recorder::child_ended(pid_t pid, int wait_status, std::uint64_t max_rss_bytes) {
  State& s = *state_;
  for (auto record = s.records.rbegin(); record != s.records.rend(); ++record) {
    if ((*record)->pid != pid) continue;
    if ((*record)->is_alive()) {
      s.early_child_statuses[static_cast<std::uint32_t>(pid)] = wait_status;
      s.end_record(**record, std::nullopt);
    }
    model::Process& process = s.session.processes[(*record)->row];
    set_exit_from_wait_status(wait_status, &process);
    // The kernel's figure includes waited-for children: it is this process's own if it had none.
    if (s.records.size() == 1) process.rss.peak = std::max(process.rss.peak, max_rss_bytes);
    return;
  }
}

}  // namespace memwatch::recording
