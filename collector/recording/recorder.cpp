#include "collector/recording/recorder.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <map>
#include <utility>

#include "collector/capture/session_writer.h"
#include "collector/intake/flight_reader.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/procfs/cgroup.h"
#include "collector/procfs/process_identity.h"
#include "collector/reachability/stopped_threads.h"
#include "collector/recording/heap_facts.h"
#include "collector/recording/leak_watches.h"
#include "collector/recording/own_allocator_notes.h"
#include "collector/recording/own_memory.h"
#include "collector/recording/pace.h"
#include "collector/recording/process_record.h"
#include "collector/recording/pulse.h"
#include "collector/recording/started_programs.h"
#include "collector/recording/unrecorded.h"

namespace memwatch::recording {

namespace {

using Clock = std::chrono::steady_clock;
using protocol::Control;

// When pages of the program are given back: after the start, and again for what happened once.
constexpr std::chrono::seconds kFirstTidying{1};
constexpr std::chrono::minutes kBetweenTidyings{1};

constexpr std::uint64_t kLongestWatchMs = 1000UL * 60 * 60 * 24 * 366;  // of a leak check

double thread_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

Control control_for(model::Mode mode, bool is_watched = false) {
  switch (mode) {
    case model::Mode::idle:
      return is_watched ? Control::idle_watched : Control::idle;
    case model::Mode::sample:
      return is_watched ? Control::sample_watched : Control::sample;
    case model::Mode::exact:
      break;
  }
  return Control::exact;
}

void note_lost_memory(const intake::Segment& segment, model::Process* process) {
  if (!segment.is_cut_short()) return;
  process->notes.push_back(
      "Part of its shared memory was gone when it was to be read (cut off by somebody, or /dev/shm "
      "was full): what was "
      "there is missing");
}

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

void note_unjudged(const protocol::SegmentHeader& header, model::Process* process) {
  const std::uint32_t unjudged = header.unjudged.load(std::memory_order_relaxed);
  if (unjudged == 0) return;
  process->notes.push_back(
      "memwatch did not say in time of " + std::to_string(unjudged) +
      (unjudged == 1 ? " call whether it was" : " calls whether they were") +
      " to fail (the machine was busy, or memwatch was stopped): they went on");
}

// Ended images whose children are waited for. Each keeps a descriptor; of the oldest beyond that
// it is believed that nothing more comes.
constexpr std::ptrdiff_t kMostLastWords = 64;

// The record of the pid's latest image whose end nobody has told.
bool lacks_exit(const model::Process& facts) {
  return facts.exit_kind == model::ExitKind::running || facts.exit_kind == model::ExitKind::lost;
}

}  // namespace

struct Recorder::State {
  RecorderOptions options;
  Clock::time_point start = Clock::now();
  model::Session session;
  model::StackTable stacks{session};
  std::unique_ptr<Pulse> own_pulse;
  Pulse* pulse = nullptr;
  std::optional<intake::RendezvousServer> own_rendezvous;
  const intake::RendezvousServer* rendezvous = nullptr;
  std::vector<std::unique_ptr<ProcessRecord>> records;  // in the order of session.processes
  std::optional<capture::SessionWriter> writer;
  std::string file_trouble;  // of the last checkpoint that failed
  bool warned_of_file = false;
  std::size_t declined = 0;
  std::vector<pollfd> waiting;  // scratch of turn()
  // The first as soon as there is anything to tell: a session that is cut short can be read.
  Clock::time_point next_checkpoint = Clock::now();
  std::chrono::milliseconds checkpoint_spacing{50};
  // Short recordings are spared it.
  Clock::time_point next_tidying = Clock::now() + kFirstTidying;
  std::optional<Pace> pace;
  LeakWatches watches;
  StartedPrograms programs;
  OwnAllocatorNotes own_allocators;
  std::map<std::uint32_t, int> early_child_statuses;  // told before the child's record ended
  std::function<void(const Alert&)>* on_alert = nullptr;
  std::function<void(const Alert&)>* on_large_freed = nullptr;
  std::function<bool(const model::Session&, model::StackId)>* on_stack_question = nullptr;
  std::function<void(const std::string&)>* on_warning = nullptr;
  std::function<void(const std::string&)>* on_notice = nullptr;

  [[nodiscard]] double now() const {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
  // steady_clock is CLOCK_MONOTONIC.
  [[nodiscard]] double start_seconds() const {
    return std::chrono::duration<double>(start.time_since_epoch()).count();
  }
  void warn(const std::string& sentence) const {
    if (on_warning != nullptr && *on_warning) (*on_warning)(sentence);
  }
  void notice(const std::string& sentence) const {
    if (on_notice != nullptr && *on_notice) (*on_notice)(sentence);
  }
  model::Process& facts(const ProcessRecord& record) {
    return record.tracked != nullptr ? record.tracked->live().facts : session.processes[record.row];
  }

  [[nodiscard]] intake::SegmentSettings wanted_settings() const;
  void collect_idle(ProcessRecord& record, bool is_last);
  void welcome(intake::Visitor visitor);
  Result<void> welcome_or_why_not(intake::Visitor& visitor);
  [[nodiscard]] bool continues_a_record(const intake::Visitor& visitor) const;
  ProcessRecord& add_record(pid_t pid, std::uint64_t start_time, intake::Segment segment,
                            bool attaching);
  void connect_callbacks(ProcessRecord& record);
  static void collect_losses(ProcessRecord& record);
  void note_children(ProcessRecord& record);
  void hear_of_programs(ProcessRecord& record);
  void hear_last_words(ProcessRecord& record);
  [[nodiscard]] bool awaits_children() const;
  void count_declined_child(std::uint64_t parent_segment_id);
  void give_verdict(ProcessRecord& record);
  void end_record(ProcessRecord& record, std::optional<model::ExitKind> kind);
  void detach_record(ProcessRecord& record);
  static bool has_ended(const ProcessRecord& record);
  void notice_ends(bool some_ended);
  void inherit(ProcessRecord& child);
  void parent_forked(ProcessRecord& parent, std::uint64_t token);
  void child_status(std::uint32_t pid, int status);
  void sample(ProcessRecord& record, bool forced);
  void settle();
  void end_epoch_if_due(model::LiveProcess& live) const;
  void checkpoint();
  void tidy_up();
  // Exchanges the facts of living processes with their rows in the session: once before the
  // session is read by others, once after. Costs nothing per fact.
  void swap_living_facts();
  // While a leak check keeps the turn: whoever waits for us waits on.
  void show_life() { pulse->intake_beats(Pulse::kStandIn); }
  void check_leaks(LeakQuestion question);
  Result<ProcessRecord*> record_to_check(pid_t pid, std::uint64_t start_time);
  model::Session judge_leaks(ProcessRecord& record, const reachability::HoldersWish& holders);
  void tend_watches();
  void give_up_watch(const ProcessRecord& record, const std::string& why);
  void answer_leaks_request(intake::Visitor visitor);
  Alert alert_for(const ProcessRecord& record, Function function, std::uint64_t size,
                  model::StackId stack);
  [[nodiscard]] std::vector<Alert::Frame> frames_of(model::StackId stack) const;
};

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->on_alert = &on_alert;
  state_->on_large_freed = &on_large_freed;
  state_->on_stack_question = &on_stack_question;
  state_->on_warning = &on_warning;
  state_->on_notice = &on_notice;
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

Result<void> Recorder::open_file(const std::string& path) {
  Result<capture::SessionWriter> writer = capture::SessionWriter::create(path);
  if (!writer) return writer.error();
  state_->writer.emplace(std::move(*writer));
  return {};
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

Alert Recorder::State::alert_for(const ProcessRecord& record, Function function, std::uint64_t size,
                                 model::StackId stack) {
  Alert alert;
  const model::Process& process = record.tracked->live().facts;
  alert.pid = process.pid;
  alert.exe = process.exe;
  alert.function = function;
  alert.size = size;
  alert.frames = frames_of(stack);
  return alert;
}

std::vector<Alert::Frame> Recorder::State::frames_of(model::StackId stack) const {
  std::vector<Alert::Frame> frames;
  for (model::StackId at = stack; at != model::kNone && frames.size() < kAlertFrames;
       at = session.stacks[at].parent) {
    const model::CodeAddress& address = session.code_addresses[session.stacks[at].address];
    frames.push_back({session.modules[address.module], address});
  }
  return frames;
}

std::vector<Alert::Frame> Recorder::innermost_frames(model::StackId stack) const {
  return state_->frames_of(stack);
}

const model::TimelineSample& Recorder::latest_sample() const {
  return state_->records.front()->latest;
}

const std::optional<procfs::CgroupLocation>& Recorder::cgroup() const {
  return state_->records.front()->cgroup.location();
}

void Recorder::State::connect_callbacks(ProcessRecord& record) {
  ProcessRecord* at = &record;  // records live at fixed addresses
  model::LiveProcess& live = record.tracked->live();
  live.on_large = [this, at](const model::LargeAllocation& event) {
    if (on_alert == nullptr || !*on_alert) return;
    Alert alert = alert_for(*at, event.function, event.requested, event.stack);
    alert.tid = event.tid;
    alert.at = event.at;
    (*on_alert)(alert);
  };
  live.on_large_freed = [this, at](const model::LargeAllocation& event) {
    if (on_large_freed == nullptr || !*on_large_freed) return;
    Alert alert = alert_for(*at, event.function, event.requested, event.stack);
    alert.tid = event.tid;
    alert.at = event.at;
    (*on_large_freed)(alert);
  };
  live.on_failure = [this, at](const model::Failure& failure) {
    if (failure.count != 1 || on_alert == nullptr || !*on_alert) return;
    Alert alert = alert_for(*at, failure.function, failure.requested, failure.stack);
    alert.is_failure = true;
    alert.is_injected = failure.injected;
    alert.at = failure.first_at;
    alert.error_number = failure.error_number;
    (*on_alert)(alert);
  };
  live.situation = [at] { return memory_situation(*at); };
  record.tracked->on_stack_question = [this](model::StackId stack) {
    return *on_stack_question && (*on_stack_question)(session, stack);
  };
  record.tracked->on_fork = [this, at](std::uint64_t token) { parent_forked(*at, token); };
  record.tracked->on_child = [this](std::uint32_t pid, int status) { child_status(pid, status); };
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

// An idle process counts for itself and keeps its large allocations and failures in its flight
// ring.
void Recorder::State::collect_idle(ProcessRecord& record, bool is_last) {
  if (options.mode != model::Mode::idle) return;
  intake::TrackedProcess& tracked = *record.tracked;
  tracked.count_idle();
  record.flight_seen = intake::replay_flight(tracked.segment(), tracked,
                                             {record.flight_seen, start_seconds(), is_last});
}

Result<void> Recorder::State::welcome_or_why_not(intake::Visitor& visitor) {
  if (visitor.hello.is_fork_child == 0 && !continues_a_record(visitor)) {
    programs.introduced(visitor.pid);
  }
  const std::optional<std::uint64_t> start_time = procfs::process_start_ticks(visitor.pid);
  // The pid was its own when it connected, and still is: else the start time could be another's.
  // Who no longer waits for the answer has a record too: it may be running on.
  if (!start_time ||
      (!intake::is_still_there(visitor) && *start_time != visitor.hello.start_time)) {
    return Error{
        ErrorKind::not_found, "record a process", std::to_string(visitor.pid), "it is gone", {}};
  }
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

// By exec, that is.
bool Recorder::State::continues_a_record(const intake::Visitor& visitor) const {
  return std::any_of(records.begin(), records.end(), [&](const auto& record) {
    return record->is_alive() && record->pid == visitor.pid &&
           record->start_time == visitor.hello.start_time;
  });
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

void Recorder::State::count_declined_child(std::uint64_t parent_segment_id) {
  for (const auto& parent : records) {
    if (parent->segment_id == parent_segment_id) ++parent->declined_children;
  }
}

void Recorder::State::collect_losses(ProcessRecord& record) {
  record.tracked->collect_losses();
  record.tracked->live().facts.losses.children_unrecorded += record.declined_children;
}

void Recorder::State::hear_of_programs(ProcessRecord& record) {
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  // Its children introduce themselves to somebody else, or it counts pids of another namespace.
  if (!own_rendezvous || has_taken_nothing(record) || static_cast<pid_t>(header.pid) != record.pid)
    return;
  record.begun_programs->look(header, [&](std::uint32_t pid, bool has_failed) {
    const auto child = static_cast<pid_t>(pid);
    has_failed ? programs.failed(child) : programs.begun(child, record.row);
  });
}

// Of an image that ends or is let go. A parent that ends at once, as daemons do, may be gone before
// its child has found out that it cannot be recorded.
void Recorder::State::note_children(ProcessRecord& record) {
  intake::TrackedProcess& tracked = *record.tracked;
  if (record.blocks_at_fork.empty()) {
    note_unrecorded_children(tracked.unrecorded_children(), record.declined_children,
                             &session.processes[record.row]);
    return;
  }
  record.children_before = tracked.children_before();
  record.last_words.emplace(std::move(tracked).take_segment());
  // Where it cannot be mapped anew all of it stays as it was, which only takes room.
  static_cast<void>(record.last_words->keep_header_alone());
  const auto has_last_words = [](const auto& other) { return other->last_words.has_value(); };
  if (std::count_if(records.begin(), records.end(), has_last_words) > kMostLastWords) {
    hear_last_words(**std::find_if(records.begin(), records.end(), has_last_words));
  }
}

void Recorder::State::hear_last_words(ProcessRecord& record) {
  note_unrecorded_children(
      intake::unrecorded_children(record.last_words->header(), record.children_before),
      record.declined_children, &session.processes[record.row]);
  record.last_words.reset();
}

// Children of images that have ended, announced and not heard of.
bool Recorder::State::awaits_children() const {
  return std::any_of(records.begin(), records.end(), [](const auto& record) {
    return record->last_words && intake::sum_of(intake::unrecorded_children(
                                     record->last_words->header(), record->children_before)) +
                                         record->declined_children <
                                     record->blocks_at_fork.size();
  });
}

void Recorder::State::parent_forked(ProcessRecord& parent, std::uint64_t token) {
  const model::LiveProcess& live = parent.tracked->live();
  const std::uint64_t inherited = live.facts.heap.inherited_blocks;
  const std::uint64_t given_back = std::min(inherited, live.facts.totals.inherited_frees);
  parent.blocks_at_fork[token] = live.facts.heap.live_blocks + inherited - given_back;
  for (const auto& child : records) {
    if (child->awaits_inheritance && child->parent_segment_id == parent.segment_id) {
      inherit(*child);
    }
  }
}

void Recorder::State::inherit(ProcessRecord& child) {
  for (const auto& parent : records) {
    if (parent->segment_id != child.parent_segment_id || parent.get() == &child) continue;
    const auto at = parent->blocks_at_fork.find(child.fork_token);
    if (at != parent->blocks_at_fork.end()) {
      facts(child).heap.inherited_blocks = at->second;
      parent->blocks_at_fork.erase(at);
      child.awaits_inheritance = false;
      if (parent->last_words && parent->blocks_at_fork.empty()) hear_last_words(*parent);
    } else if (child.fork_token == 0 || !parent->is_alive()) {
      // A fork that was not announced: what the parent has now is as near as can be known.
      const model::Process& process = facts(*parent);
      facts(child).heap.inherited_blocks = process.heap.live_blocks + process.heap.inherited_blocks;
      child.awaits_inheritance = false;
    }
    return;
  }
  child.awaits_inheritance = false;  // the parent was never recorded
}

void Recorder::State::child_status(std::uint32_t pid, int status) {
  if (!WIFEXITED(status) && !WIFSIGNALED(status)) return;  // stopped or continued
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    model::Process& process = facts(**record);
    if (process.pid != pid) continue;
    if (!(*record)->is_alive() && lacks_exit(process)) {
      set_exit_from_wait_status(status, &process);
    } else if ((*record)->is_alive()) {
      early_child_statuses[pid] = status;
    }
    return;
  }
}

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
  idle.control = Control::idle;
  idle.on_full = protocol::OnFull::drop;
  idle.large_bytes = options.large_threshold;
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

void Recorder::State::sample(ProcessRecord& record, bool forced) {
  constexpr double kNearly = 0.9;  // looks come on a beat, and must not miss it by a hair
  const double at = now();
  const bool is_due = forced || record.timeline.is_due(at);
  if (!is_due && (!options.keeps_figures_fresh || at < record.next_figures_at)) return;
  record.next_figures_at =
      at + std::chrono::duration<double>(options.sample_interval).count() * kNearly;
  model::TimelineSample sample;
  std::uint64_t rss_peak = 0;
  if (!sample_kernel(record, at, &sample, &rss_peak)) return;
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

void Recorder::State::settle() {
  for (const auto& record : records) {
    if (!record->is_alive()) continue;
    record->tracked->live().settle();
    collect_losses(*record);
    record->tracked->live().facts.duration = now() - record->tracked->live().facts.start;
  }
}

// Its cost is measured in processor time: on a busy machine a clock would stretch the epochs.
void Recorder::State::end_epoch_if_due(model::LiveProcess& live) const {
  const double at = now();
  if (!live.is_epoch_due(at)) return;
  const double before = thread_seconds();
  live.end_epoch(at);
  live.add_epoch_cost(thread_seconds() - before);
}

void Recorder::State::swap_living_facts() {
  for (const auto& record : records) {
    if (!record->is_alive()) continue;
    std::swap(record->tracked->live().facts, session.processes[record->row]);
  }
}

void Recorder::State::checkpoint() {
  if (!writer || records.empty() || Clock::now() < next_checkpoint) return;
  settle();
  swap_living_facts();
  const Result<void> written = writer->checkpoint(session);
  swap_living_facts();
  if (!written) file_trouble = written.error().to_line();
  // A run that is over in a moment tells it once, at its end.
  if (!file_trouble.empty() && !warned_of_file && now() >= 1.0) {
    warned_of_file = true;
    warn(file_trouble + "; recording goes on, writing is tried again");
  }
  // A long run needs fewer of them: what a kill can lose stays a small part of the whole.
  constexpr std::chrono::milliseconds kMaxSpacing{10'000};
  constexpr std::chrono::milliseconds kOften{1000};
  const auto longer = checkpoint_spacing < kOften ? std::min(kOften, checkpoint_spacing * 2)
                                                  : checkpoint_spacing + checkpoint_spacing / 20;
  checkpoint_spacing = std::min(kMaxSpacing, longer);
  next_checkpoint = Clock::now() + checkpoint_spacing;
}

model::Session Recorder::State::judge_leaks(ProcessRecord& record,
                                            const reachability::HoldersWish& holders) {
  const model::Process judged =
      judge_living(record, session, holders, now(), [this] { show_life(); });
  model::Session found = session;
  found.processes.assign(1, judged);
  found.processes.front().duration = now() - judged.start;
  found.complete = true;
  return found;
}

void Recorder::State::check_leaks(LeakQuestion question) {
  const Result<ProcessRecord*> record = record_to_check(question.pid, question.start_time);
  if (!record) return question.answer(record.error());
  if (options.mode == model::Mode::exact) {
    return question.answer(judge_leaks(**record, question.holders));
  }
  watches.begin(**record, std::move(question), now());
  pace->watch(watches.has_any());
}

void Recorder::State::tend_watches() {
  if (!watches.has_any()) return;
  watches.turn([this](ProcessRecord& record, const reachability::HoldersWish& holders) {
    return Result<model::Session>(judge_leaks(record, holders));
  });
  pace->watch(watches.has_any());
}

void Recorder::State::give_up_watch(const ProcessRecord& record, const std::string& why) {
  watches.give_up(record, why);
  pace->watch(watches.has_any());
}

// `start_time` 0: whichever has the pid.
Result<ProcessRecord*> Recorder::State::record_to_check(pid_t pid, std::uint64_t start_time) {
  for (const auto& record : records) {
    if (record->is_alive() && record->pid == pid &&
        (start_time == 0 || record->start_time == start_time)) {
      return record.get();
    }
  }
  return Error{ErrorKind::not_found,
               "check for leaks",
               "process " + std::to_string(pid),
               "it is not recorded by the memwatch that was asked",
               {}};
}

// Another memwatch wants to know; the verdicts go into a session file beside the socket.
void Recorder::State::answer_leaks_request(intake::Visitor visitor) {
  const protocol::LeaksRequest request = visitor.leaks_request();
  LeakQuestion question;
  question.pid = static_cast<pid_t>(request.pid);
  question.start_time = request.start_time;
  question.holders.sites = request.who_holds_sites;
  if (request.who_holds_address != 0) question.holders.address = request.who_holds_address;
  question.watch = std::chrono::milliseconds(std::min(request.watch_ms, kLongestWatchMs));
  const auto asker = std::make_shared<intake::Visitor>(std::move(visitor));
  question.asker = [asker] {
    switch (intake::state_of_asker(*asker)) {
      case intake::AskerState::wants_it_now:
        return LeakQuestion::Asker::wants_it_now;
      case intake::AskerState::is_gone:
        return LeakQuestion::Asker::is_gone;
      case intake::AskerState::waits:
        break;
    }
    return LeakQuestion::Asker::waits;
  };
  question.watching = [asker] { intake::tell_watching(*asker); };
  question.answer = [this, asker](Result<model::Session> found) {
    std::string path;
    if (found) {
      const std::string& socket = rendezvous->path();
      path =
          socket.substr(0, socket.rfind('/') + 1) + "leaks-" + std::to_string(asker->pid) + ".mw";
      Result<capture::SessionWriter> file = capture::SessionWriter::create(path);
      const Result<void> written = file ? file->finish(*found) : Result<void>(file.error());
      if (!written) found = written.error();
    }
    intake::answer_leaks(std::move(*asker), found.has_value(), found ? path : found.error().why);
  };
  check_leaks(std::move(question));
}

void Recorder::check_leaks(LeakQuestion question) {
  state_->check_leaks(std::move(question));
}

Result<model::Session> Recorder::check_leaks_now(pid_t pid,
                                                 const reachability::HoldersWish& holders) {
  const Result<ProcessRecord*> record = state_->record_to_check(pid, 0);
  if (!record) return record.error();
  return state_->judge_leaks(**record, holders);
}

void Recorder::end_leak_checks(const std::string& why) {
  for (const auto& record : state_->records) state_->give_up_watch(*record, why);
}

void Recorder::welcome_visitors() {
  State& s = *state_;
  while (auto visitor = s.own_rendezvous->accept_visitor()) {
    if (visitor->asks_for_leaks()) {
      s.answer_leaks_request(std::move(*visitor));
    } else {
      s.welcome(std::move(*visitor));
    }
  }
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
  if (waiting.front().revents != 0) welcome_visitors();
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
      check_at_exit(*s.records[i], s.session, [&s] { s.show_life(); });
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

Result<void> Recorder::welcome(intake::Visitor visitor) {
  const Result<void> welcomed = state_->welcome_or_why_not(visitor);
  if (!welcomed && visitor.connection.is_open()) intake::decline(std::move(visitor));
  return welcomed;
}

void Recorder::answer_leaks_request(intake::Visitor visitor) {
  state_->answer_leaks_request(std::move(visitor));
}

void Recorder::settle() {
  state_->settle();
}

model::Session Recorder::snapshot() {
  State& s = *state_;
  for (const auto& record : s.records) {
    if (record->is_alive()) record->tracked->drain();
  }
  s.settle();
  // Without the processes, of which there may be many; the tables are what they share.
  std::vector<model::Process> processes = std::move(s.session.processes);
  s.session.processes.clear();
  model::Session copy = s.session;
  s.session.processes = std::move(processes);
  copy.processes.push_back(first_process());
  explain_missing_check(copy.processes.front());
  copy.complete = true;
  return copy;
}

Result<analysis::HeapFacts> Recorder::heap_facts() {
  ProcessRecord& record = *state_->records.front();
  if (!record.is_alive()) {
    return Error{ErrorKind::not_found,
                 "look at the memory",
                 "process " + std::to_string(record.pid),
                 "it has ended",
                 {}};
  }
  record.tracked->drain();
  return heap_facts_of(record, state_->session);
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
  for (const auto& [row, count] : s.programs.take_unrecorded()) {
    note_unrecorded_programs(count, &s.session.processes[row]);
  }
  for (model::Process& process : s.session.processes) explain_missing_check(process);
  s.session.complete = true;
}

Result<void> Recorder::finish_file() {
  State& s = *state_;
  if (!s.writer)
    return Error{ErrorKind::system, "write the session", "", "no file could be opened", {}};
  return s.writer->finish(s.session);
}

}  // namespace memwatch::recording
