#include "collector/recording/recorder.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "collector/intake/flight_reader.h"
#include "collector/reachability/stopped_threads.h"
#include "collector/recording/control.h"
#include "collector/recording/leak_check.h"
#include "collector/recording/own_memory.h"
#include "collector/recording/recorder_state.h"
#include "collector/recording/unrecorded.h"

namespace memwatch::recording {

namespace {

using Clock = std::chrono::steady_clock;

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

}  // namespace

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->on_alert = &on_alert;
  state_->on_large_freed = &on_large_freed;
  state_->on_stack_question = &on_stack_question;
  state_->on_warning = &on_warning;
  state_->on_notice = &on_notice;
  state_->on_checking = &on_checking;
}

Recorder::~Recorder() {
  stop();
}

Result<std::unique_ptr<Recorder>> Recorder::create(RecorderOptions options) {
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  State& s = *state;
  s.session.memwatch_version = MEMWATCH_VERSION;
  s.session.complete = false;
  s.session.host = host_name();
  s.session.started_at =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  s.session.command = s.options.command;
  s.session.large_threshold = s.options.large_threshold;
  s.rendezvous = s.options.rendezvous;
  if (s.rendezvous == nullptr) {
    Result<intake::RendezvousServer> server = intake::RendezvousServer::create();
    if (!server) return server.error();
    s.own_rendezvous.emplace(std::move(*server));
    s.rendezvous = &*s.own_rendezvous;
  }
  s.pulse = s.options.pulse;
  if (s.pulse == nullptr) {
    s.own_pulse = std::make_unique<Pulse>(s.start);
    s.pulse = s.own_pulse.get();
  }
  s.cgroups = s.options.cgroups;
  if (s.cgroups == nullptr) {
    // The processes of a tree are looked at one after another.
    s.own_cgroups = std::make_unique<procfs::CgroupReadings>(s.options.sample_interval / 2);
    s.cgroups = s.own_cgroups.get();
  }
  s.pace.emplace(s.options.mode, s.options.on_full, s.start);
  return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

Clock::time_point Recorder::started() const {
  return state_->start;
}

const std::string& Recorder::rendezvous_path() const {
  return state_->rendezvous->path();
}

model::Session& Recorder::session() {
  return state_->session;
}

const model::Process& Recorder::first_process() const {
  return state_->facts(*state_->records.front());
}

std::size_t Recorder::recorded_processes() const {
  return state_->records.size();
}

std::size_t Recorder::declined_processes() const {
  return state_->declined;
}

std::size_t Recorder::living_processes() const {
  return static_cast<std::size_t>(
      std::count_if(state_->records.begin(), state_->records.end(),
                    [](const auto& record) { return record->is_alive(); }));
}

const model::TimelineSample& Recorder::latest_sample() const {
  return state_->records.front()->latest;
}

const std::optional<procfs::CgroupLocation>& Recorder::cgroup() const {
  return state_->records.front()->cgroup.location();
}

void Recorder::welcome_visitors() {
  State& s = *state_;
  for (intake::Visitor& visitor : std::exchange(s.postponed, {})) s.receive(std::move(visitor));
  while (auto visitor = s.own_rendezvous->accept_visitor()) s.receive(std::move(*visitor));
}

void Recorder::turn() {
  State& s = *state_;
  const std::chrono::milliseconds sleep = s.pace->until_next_look();
  s.pulse->intake_beats(sleep);
  std::vector<pollfd>& waiting = s.waiting;
  waiting.assign(1, {s.rendezvous->descriptor(), POLLIN, 0});
  for (const auto& record : s.records) {
    if (record->is_alive() && record->process.is_open()) {
      waiting.push_back({record->process.get(), POLLIN, 0});
    }
  }
  poll(waiting.data(), waiting.size(), static_cast<int>(sleep.count()));
  if (waiting.front().revents != 0 || !s.postponed.empty()) welcome_visitors();
  look(std::any_of(waiting.begin() + 1, waiting.end(),
                   [](const pollfd& process) { return process.revents != 0; }));
  s.tidy_up();
}

void Recorder::State::tidy_up() {
  const auto now = Clock::now();
  if (now < next_tidying) return;
  next_tidying = now + kBetweenTidyings;
  drop_program_pages();
}

std::chrono::milliseconds Recorder::until_next_look() const {
  return state_->pace->until_next_look();
}

bool Recorder::is_silent() const {
  return state_->pace->is_silent();
}

// An idle process counts for itself and keeps its large allocations and failures in its flight
// ring.
void Recorder::State::collect_idle(ProcessRecord& record, bool is_last) {
  if (options.mode != model::Mode::idle) return;
  intake::TrackedProcess& tracked = *record.tracked;
  tracked.count_idle();
  record.flight_seen = intake::replay_flight(tracked.segment(), tracked,
                                             {record.flight_seen, start_seconds(), is_last});
}

void Recorder::look(bool some_ended) {
  State& s = *state_;
  std::uint64_t drained = 0;
  for (std::size_t i = 0; i < s.records.size(); ++i) {
    if (!s.records[i]->is_alive()) continue;
    intake::TrackedProcess& tracked = *s.records[i]->tracked;
    drained += tracked.drain();
    s.hear_of_programs(*s.records[i]);
    s.collect_idle(*s.records[i], false);
    if (awaits_leak_check(*s.records[i])) {
      const ProcessRecord& checked = *s.records[i];
      check_at_exit(*s.records[i], s.session, [&] { s.serve_others(checked); });
    }
    if (tracked.resume_if_given_up(control_for(s.options.mode, tracked.is_watching()))) {
      s.warn("process " + std::to_string(s.records[i]->pid) +
             " did not wait for memwatch any longer; what it did meanwhile is counted as lost");
    }
    // Relaxed: news for `memwatch list`. Stored only when it is news, since the target's hooks read
    // the same cache line.
    auto& published = tracked.segment().header().live_bytes;
    const std::uint64_t live_bytes = tracked.live().facts.heap.live_bytes;
    if (published.load(std::memory_order_relaxed) != live_bytes) {
      published.store(live_bytes, std::memory_order_relaxed);
    }
  }
  reachability::release_stragglers();
  s.pace->looked(drained, Clock::now());
  s.notice_ends(some_ended);
  s.tend_watches();
  for (const auto& record : s.records) {
    if (!record->is_alive()) continue;
    s.sample(*record, false);
    s.end_epoch_if_due(record->tracked->live());
  }
  s.checkpoint();
}

void Recorder::await_children() {
  constexpr std::chrono::milliseconds kMoment{50};
  const Clock::time_point end = Clock::now() + kMoment;
  while (state_->awaits_children() && Clock::now() < end) turn();
}

void Recorder::stop() {
  State& s = *state_;
  // Last words of those who ended, then of those who go on.
  for (const auto& record : s.records) {
    if (record->is_alive()) record->tracked->drain();
  }
  s.notice_ends(true);
  for (const auto& record : s.records) {
    if (record->is_alive()) s.detach_record(*record);
  }
  for (const auto& record : s.records) {
    if (record->last_words) s.hear_last_words(*record);
    if (record->awaits_verdict) s.give_verdict(*record);
  }
  for (const auto& [row, programs] : s.programs.take_unrecorded()) {
    note_unrecorded_programs(programs, &s.session.processes[row]);
  }
  for (model::Process& process : s.session.processes) explain_missing_check(process);
  s.session.complete = true;
}

}  // namespace memwatch::recording
