// How processes come to be recorded: they introduce themselves, or run already and are joined; each
// gets a segment with its settings, and a record.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "collector/intake/flight_reader.h"
#include "collector/procfs/process_identity.h"
#include "collector/recording/control.h"
#include "collector/recording/recorder_state.h"

namespace memwatch::recording {

namespace {

intake::InjectionSettings settings_of(const Injection& injection) {
  using namespace protocol;
  intake::InjectionSettings settings;
  if (injection.later_too) settings.flags |= kInjectionLaterToo;
  if (injection.chance) settings.flags |= kInjectionByChance;
  if (injection.is_about_stacks()) settings.flags |= kInjectionByStack;
  if (injection.before_main) settings.flags |= kInjectionBeforeMain;
  settings.least_size = injection.least_size;
  settings.heap_bytes = injection.heap_bytes.value_or(kNoLimit);
  settings.first_failing = injection.first_failing;
  settings.every = injection.every;
  settings.chance = static_cast<std::uint64_t>(injection.chance.value_or(0) * 4294967296.0);
  settings.seed = injection.seed;
  return settings;
}

}  // namespace

intake::SegmentSettings Recorder::State::wanted_settings() const {
  intake::SegmentSettings settings;
  settings.control = control_for(options.mode);
  settings.on_full = options.on_full;
  settings.large_bytes = options.large_threshold;
  settings.sample_interval = options.bytes_between_samples;
  settings.rendezvous = options.follow ? rendezvous->path() : std::string{};
  if (options.injection) settings.injection = settings_of(*options.injection);
  settings.leak_check =
      options.leak_check != LeakCheckMode::none && options.mode == model::Mode::exact;
  return settings;
}

ProcessRecord& Recorder::State::add_record(pid_t pid, std::uint64_t start_time,
                                           intake::Segment segment, bool attaching) {
  auto record = std::make_unique<ProcessRecord>();
  record->row = session.processes.size();
  record->pid = pid;
  record->start_time = start_time;
  record->segment_id = segment.header().segment_id;
  record->process.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  record->timeline =
      model::Timeline(std::chrono::duration<double>(options.sample_interval).count());
  record->pss_interval = static_cast<double>(options.pss_interval.count());
  record->cgroup = procfs::FollowedCgroup(pid);
  model::Process identity;
  read_identity(pid, &identity);
  if (procfs::process_start_ticks(pid) != start_time) {
    // It has ended, and all of that may be another process's. By its start time its end is seen.
    record->process.reset();
    record->cgroup = procfs::FollowedCgroup();
    identity = model::Process{};
    identity.pid = static_cast<std::uint32_t>(pid);
  }
  note_cgroup(*record);
  identity.start = now();
  identity.mode = options.mode;
  if (options.mode == model::Mode::sample) identity.sample_interval = options.bytes_between_samples;
  record->tracked = std::make_unique<intake::TrackedProcess>(
      std::move(segment), stacks, identity.exe, options.large_threshold, attaching);
  record->begun_programs.emplace(record->tracked->segment().header());
  // What draining found while attaching (thread rows) stays.
  identity.threads = std::move(record->tracked->live().facts.threads);
  record->tracked->live().facts = std::move(identity);
  connect_callbacks(*record);
  session.processes.emplace_back();
  records.push_back(std::move(record));
  notice("recording " + std::to_string(pid) + " " + facts(*records.back()).exe);
  pulse->add(&records.back()->tracked->segment().header(), start);
  return *records.back();
}

// By exec, that is.
bool Recorder::State::continues_a_record(const intake::Visitor& visitor) const {
  return std::any_of(records.begin(), records.end(), [&](const auto& record) {
    return record->is_alive() && record->pid == visitor.pid &&
           record->start_time == visitor.hello.start_time;
  });
}

Result<void> Recorder::State::welcome_or_why_not(intake::Visitor& visitor) {
  const bool is_new_program = visitor.hello.is_fork_child == 0 && !continues_a_record(visitor);
  const std::optional<std::uint64_t> start_time = procfs::process_start_ticks(visitor.pid);
  // The pid was its own when it connected, and still is: else the start time could be another's.
  // Who no longer waits for the answer has a record too: it may be running on.
  if (!start_time ||
      (!intake::is_still_there(visitor) && *start_time != visitor.hello.start_time)) {
    if (is_new_program) programs.gone_unanswered(visitor.pid);
    return Error{
        ErrorKind::not_found, "record a process", std::to_string(visitor.pid), "it is gone", {}};
  }
  if (is_new_program) programs.introduced(visitor.pid);
  // A program that introduces itself again has replaced its image by exec.
  for (const auto& record : records) {
    if (record->is_alive() && record->pid == visitor.pid) {
      end_record(*record, record->start_time == *start_time ? std::optional(model::ExitKind::exec)
                                                            : std::nullopt);
    }
  }
  const bool limited = visitor.hello.address_space_limit < (8ULL << 30);
  const protocol::Geometry geometry =
      limited ? protocol::compact_geometry() : protocol::ordinary_geometry();
  const intake::SegmentSettings settings = wanted_settings();
  Result<intake::Segment> segment =
      intake::Segment::create(visitor.pid, *start_time, geometry, settings);
  if (!segment) return segment.error();
  ProcessRecord& record = add_record(visitor.pid, *start_time, std::move(*segment), false);
  record.maps = std::move(visitor.maps);
  record.memory = std::move(visitor.memory);
  if (visitor.hello.is_fork_child != 0) {
    record.tracked->live().set_inherits_blocks(true);
    record.parent_segment_id = visitor.hello.parent_segment_id;
    record.fork_token = visitor.hello.fork_token;
    record.awaits_inheritance = true;
    inherit(record);
  }
  sample(record, true);
  intake::hand_over(std::move(visitor), record.tracked->segment());
  record.answered_at = now();
  record.may_have_been_late = procfs::age_ms(*start_time) >= protocol::kWelcomeTimeoutMs;
  return {};
}

void Recorder::State::receive(intake::Visitor visitor) {
  if (visitor.asks_for_leaks()) return answer_leaks_request(std::move(visitor));
  welcome(std::move(visitor));
}

void Recorder::State::welcome(intake::Visitor visitor) {
  const Result<void> welcomed = welcome_or_why_not(visitor);
  if (welcomed) return;
  ++declined;
  warn(welcomed.error().to_line());
  if (!visitor.connection.is_open()) return;
  // Who no longer waits has counted itself.
  if (visitor.hello.is_fork_child != 0 && intake::is_still_there(visitor)) {
    count_declined_child(visitor.hello.parent_segment_id);
  }
  intake::decline(std::move(visitor));
}

Result<void> Recorder::welcome(intake::Visitor visitor) {
  Result<void> welcomed = state_->welcome_or_why_not(visitor);
  if (!welcomed && visitor.connection.is_open()) intake::decline(std::move(visitor));
  return welcomed;
}

Result<void> Recorder::attach(const intake::SegmentName& name) {
  State& s = *state_;
  Result<intake::Segment> segment = intake::Segment::open(name.name);
  if (!segment) return segment.error();
  if (procfs::process_start_ticks(name.pid) != name.start_time) {
    return Error{
        ErrorKind::not_found, "attach", "process " + std::to_string(name.pid), "it has ended", {}};
  }
  if (const std::uint32_t other = intake::collector_in_charge(*segment); other != 0) {
    return Error{ErrorKind::usage,
                 "attach",
                 "process " + std::to_string(name.pid),
                 "it is already recorded by the memwatch with pid " + std::to_string(other),
                 {}};
  }
  intake::take_charge(*segment);
  ProcessRecord& record = s.add_record(name.pid, name.start_time, std::move(*segment), true);
  record.was_joined = true;
  record.flight_seen =
      intake::replay_flight(record.tracked->segment(), *record.tracked, {0, s.start_seconds()});
  record.tracked->segment().apply(s.wanted_settings());
  record.tracked->live().facts.notes.push_back(
      "attached while it was running: blocks allocated before are not known");
  s.sample(record, true);
  return {};
}

}  // namespace memwatch::recording
