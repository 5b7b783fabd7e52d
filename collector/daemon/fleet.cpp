#include "collector/daemon/fleet.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <list>
#include <map>
#include <set>

#include "collector/analysis/failures.h"
#include "collector/daemon/event_log.h"
#include "collector/daemon/growth_rounds.h"
#include "collector/daemon/operation_log.h"
#include "collector/daemon/poll_list.h"
#include "collector/daemon/pressure_reader.h"
#include "collector/daemon/watched_process.h"
#include "collector/intake/registry.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/intake/segment.h"
#include "collector/procfs/cgroup_readings.h"
#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_sample.h"
#include "collector/recording/process_record.h"
#include "collector/recording/pulse.h"

namespace memwatch::daemon {

namespace {

using Clock = std::chrono::steady_clock;
using history::OperationKind;

// A process that has just started may not have filled in its segment yet.
constexpr std::chrono::seconds kPatience{3};
constexpr std::chrono::minutes kBetweenTries{10};  // of one that the system did not let be recorded
constexpr std::chrono::seconds kBetweenSameWarnings{60};
// Of what was left by processes that nobody recorded and that were killed.
constexpr std::chrono::seconds kBetweenSweeps{60};

// Processes are sampled once a second, all of them within a moment.
constexpr std::chrono::milliseconds kAgeOfCgroups{250};

// Of a recorded process: its segment, two for its end, its memory and its maps. What else the
// daemon needs descriptors for (requests, commands, the history, the unwatched who introduce
// themselves) must not wait for one of them to end.
constexpr std::size_t kDescriptorsOfProcess = 5, kOtherDescriptors = 150;

std::size_t most_recorded(std::uint64_t descriptors) {
  if (descriptors == RLIM_INFINITY) return std::numeric_limits<std::size_t>::max();
  const std::uint64_t others = std::min<std::uint64_t>(kOtherDescriptors, descriptors / 2);
  return std::max<std::size_t>(1, (descriptors - others) / kDescriptorsOfProcess);
}

// What became of a segment name that was seen.
struct Candidate {
  enum class State : std::uint8_t { fresh, recorded, unwatched, elsewhere, no_room, given_up };
  State state = State::fresh;
  Clock::time_point seen = Clock::now();
  ProgramNames names;
  // Of one that was given up.
  Clock::time_point next_try = Clock::time_point::max();
  void give_up(const Error& error) {
    state = State::given_up;
    next_try =
        error.kind == ErrorKind::system ? Clock::now() + kBetweenTries : Clock::time_point::max();
  }
};

model::Mode mode_of(std::uint32_t control) {
  const auto mode = protocol::without_watch(static_cast<protocol::Control>(control));
  if (mode == protocol::Control::exact) return model::Mode::exact;
  return mode == protocol::Control::sample ? model::Mode::sample : model::Mode::idle;
}

}  // namespace

struct Fleet::State {
  State(Config given, WatchList list, intake::RendezvousServer server)
      : config(std::move(given)), watch_list(std::move(list)), rendezvous(std::move(server)) {}

  // What processes tell while they are let go stands before them.
  std::function<void(const std::string&)> on_warning, on_notice;
  std::map<std::string, Clock::time_point> warned;  // when each reason was last told
  EventLog events;
  Config config;
  WatchList watch_list;
  recording::Pulse pulse{Clock::now()};
  intake::RendezvousServer rendezvous;
  procfs::CgroupReadings cgroups{kAgeOfCgroups};
  SharedParts shared{pulse, rendezvous, cgroups, {}, {}, {}, {}, {}};
  std::vector<intake::Visitor> postponed;  // until the leak check is over that they came in
  UniqueFd ready;                          // epoll: the rendezvous, and the end of each process
  std::map<pid_t, std::unique_ptr<WatchedProcess>> running;
  std::list<std::unique_ptr<WatchedProcess>> ended;  // latest first
  std::map<std::string, Candidate> candidates;       // by segment name
  PollList polled;
  Clock::time_point next_scan = Clock::now(), next_poll = next_scan;
  Clock::time_point next_sweep = next_scan + kBetweenSweeps;
  std::uint64_t descriptor_limit = 0;
  std::size_t room = 0;                  // for so many processes
  std::vector<ProcessStatus> elsewhere;  // as of the last samples()
  AlertCallbacks* alerts = nullptr;
  GrowthRounds growth_rounds;
  ConsumerRounds consumer_rounds;
  ShownSites shown_sites;
  OperationLog operations;
  bool is_deaf = false;  // until the next scan: those at the rendezvous could not be let in

  void warn(const std::string& sentence) const {
    if (on_warning) on_warning(sentence);
  }
  void warn_of(const Error& error);
  void notice(const WatchedProcess& process, const char* what) const;
  void add(std::unique_ptr<WatchedProcess> process);
  void retire(pid_t pid);
  void tell_gone(const WatchedProcess& process, const std::string& why) const {
    if (alerts->on_gone) alerts->on_gone(process.key(), why);
  }
  void tell_incident(const WatchedProcess& process, const recording::Alert& alert,
                     const char* event) const;
  void note(const WatchedProcess& process, const recording::Alert& alert,
            history::OperationKind kind);
  void forget_old();
  void scan();
  void end_earlier(pid_t pid, std::uint64_t start_ticks);
  void consider(const intake::SegmentName& segment, Candidate& candidate);
  [[nodiscard]] bool has_room() const { return running.size() < room; }
  void warn_of_room(pid_t pid);
  void listen_to_visitors(bool listen);
  void accept_visitors();
  void receive(intake::Visitor visitor);
  void serve_during_check(pid_t checked);
  void welcome(intake::Visitor visitor);
  void apply_watch_list();
  void look(const std::vector<pid_t>& ended_pids);
  [[nodiscard]] Clock::time_point next_turn() const;
  [[nodiscard]] std::vector<ProcessStatus> recorded_elsewhere(Clock::time_point now) const;
};

// A thousand processes that fail for the same reason are one line.
void Fleet::State::warn_of(const Error& error) {
  const auto now = Clock::now();
  std::erase_if(warned,
                [&](const auto& told) { return now - told.second >= kBetweenSameWarnings; });
  if (warned.try_emplace(error.why, now).second) warn(error.to_line());
}

void Fleet::State::warn_of_room(pid_t pid) {
  warn_of({ErrorKind::system, "record process " + std::to_string(pid),
           std::to_string(running.size()) + " are recorded already",
           "the limit on open files, " + std::to_string(descriptor_limit) + ", allows no more",
           "LimitNOFILE= of the service, or ulimit -n"});
}

void Fleet::State::listen_to_visitors(bool listen) {
  is_deaf = !listen;
  epoll_event event{};
  event.events = listen ? EPOLLIN : 0U;
  epoll_ctl(ready.get(), EPOLL_CTL_MOD, rendezvous.descriptor(), &event);
}

void Fleet::State::notice(const WatchedProcess& process, const char* what) const {
  if (on_notice) {
    on_notice("process " + std::to_string(process.pid()) + " (" + process.names().shown + ") " +
              what);
  }
}

void Fleet::State::add(std::unique_ptr<WatchedProcess> process) {
  const pid_t pid = process->pid();
  polled.forget(pid);
  if (process->descriptor() >= 0) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<std::uint64_t>(pid);
    epoll_ctl(ready.get(), EPOLL_CTL_ADD, process->descriptor(), &event);
  }
  notice(*process, "is recorded");
  running[pid] = std::move(process);
}

void Fleet::State::retire(pid_t pid) {
  const auto at = running.find(pid);
  if (at == running.end()) return;
  notice(*at->second, "has ended");
  tell_gone(*at->second, at->second->ending());
  consumer_rounds.ended(*at->second);
  shown_sites.forget(pid);
  ended.push_front(std::move(at->second));
  running.erase(at);
  forget_old();
}

void Fleet::State::forget_old() {
  const auto now = Clock::now();
  while (!ended.empty() &&
         (ended.size() > kMaxEnded || now - ended.back()->ended_at() >= config.keep_ended)) {
    ended.pop_back();
  }
}

// What ran under this pid before is over: an image of the same process, or another process whose
// end was not seen yet.
void Fleet::State::end_earlier(pid_t pid, std::uint64_t start_ticks) {
  const auto earlier = running.find(pid);
  if (earlier == running.end()) return;
  if (earlier->second->start_ticks() != start_ticks) earlier->second->look(true);
  if (earlier->second->is_running()) earlier->second->image_replaced();
  retire(pid);
}

void Fleet::State::scan() {
  if (is_deaf) listen_to_visitors(true);
  const std::vector<intake::SegmentName> names = intake::segment_names();
  std::map<std::string, Candidate> kept;
  for (const intake::SegmentName& segment : names) {
    const auto before = candidates.find(segment.name);
    Candidate candidate = before != candidates.end() ? std::move(before->second) : Candidate{};
    if (candidate.state == Candidate::State::fresh ||
        candidate.state == Candidate::State::elsewhere ||
        (candidate.state == Candidate::State::no_room && has_room()) ||
        (candidate.state == Candidate::State::given_up && Clock::now() >= candidate.next_try)) {
      consider(segment, candidate);
    }
    kept.emplace(segment.name, std::move(candidate));
  }
  candidates = std::move(kept);
  forget_old();
}

void Fleet::State::consider(const intake::SegmentName& segment, Candidate& candidate) {
  using Outcome = Candidate::State;
  if (!intake::is_living(segment)) return;  // somebody else sweeps it, or the process just starts
  candidate.names = program_names(segment.pid);
  if (candidate.names.file.empty() || !watch_list.watches(candidate.names)) {
    candidate.state = Outcome::unwatched;
    return;
  }
  const Result<intake::Segment> opened = intake::Segment::open(segment.name);
  if (!opened) {
    if (Clock::now() - candidate.seen < kPatience) return;
    warn_of(opened.error());
    candidate.give_up(opened.error());
    return;
  }
  const std::uint32_t collector = intake::collector_in_charge(*opened);
  if (collector == static_cast<std::uint32_t>(getpid())) {
    candidate.state = Outcome::recorded;
    return;
  }
  if (collector != 0) {
    candidate.state = Outcome::elsewhere;
    polled.forget(segment.pid);
    return;
  }
  end_earlier(segment.pid, segment.start_time);
  if (!has_room()) {
    candidate.state = Outcome::no_room;
    warn_of_room(segment.pid);
    return;
  }
  Result<std::unique_ptr<WatchedProcess>> process = WatchedProcess::attach(
      segment, candidate.names, config.settings_for(candidate.names), shared);
  if (process) {
    candidate.state = Outcome::recorded;
    add(*std::move(process));
  } else if (Clock::now() - candidate.seen >= kPatience) {
    warn_of(process.error());
    candidate.give_up(process.error());
  }
}

void Fleet::State::accept_visitors() {
  for (intake::Visitor& visitor : std::exchange(postponed, {})) receive(std::move(visitor));
  while (auto visitor = rendezvous.accept_visitor()) receive(std::move(*visitor));
  if (rendezvous.is_stuck()) listen_to_visitors(false);
}

void Fleet::State::receive(intake::Visitor visitor) {
  if (!visitor.asks_for_leaks()) return welcome(std::move(visitor));
  const auto asked_for = running.find(static_cast<pid_t>(visitor.leaks_request().pid));
  if (asked_for != running.end()) {
    asked_for->second->answer_leaks_request(std::move(visitor));
  } else {
    intake::answer_leaks(std::move(visitor), false,
                         "it is not recorded by the memwatch that was asked");
  }
}

// New processes are welcomed, so that none waits for the check of another.
void Fleet::State::serve_during_check(pid_t checked) {
  while (auto visitor = rendezvous.accept_visitor()) {
    // It would be a check within the check, or replace what is looked at.
    if (visitor->asks_for_leaks() || visitor->pid == checked) {
      postponed.push_back(std::move(*visitor));
    } else {
      welcome(std::move(*visitor));
    }
  }
}

void Fleet::State::welcome(intake::Visitor visitor) {
  const pid_t pid = visitor.pid;
  const ProgramNames names = program_names(pid);
  end_earlier(pid, procfs::process_start_ticks(pid).value_or(0U));
  // One that gets no answer makes a segment of its own, in which it can be found later.
  if (names.file.empty() || !watch_list.watches(names)) return;
  if (!has_room()) return warn_of_room(pid);
  Result<std::unique_ptr<WatchedProcess>> process =
      WatchedProcess::welcome(std::move(visitor), names, config.settings_for(names), shared);
  if (process) {
    add(*std::move(process));
  } else if (process.error().kind != ErrorKind::not_found) {
    warn_of(process.error());
  }  // else it did not wait: it has ended, or is found in a segment of its own
}

void Fleet::State::apply_watch_list() {
  for (auto at = running.begin(); at != running.end();) {
    const WatchedProcess& process = *at->second;
    if (watch_list.watches(process.names()) &&
        process.settings() == config.settings_for(process.names())) {
      ++at;
      continue;
    }
    notice(process, "is let go");
    if (!watch_list.watches(process.names())) tell_gone(process, "it is no longer watched");
    shown_sites.forget(process.pid());
    at = running.erase(at);  // detaches; one that is still watched is found again
  }
  candidates.clear();
  next_scan = next_poll = Clock::now();
}

void Fleet::State::look(const std::vector<pid_t>& ended_pids) {
  const auto now = Clock::now();
  std::vector<pid_t> over;
  for (const auto& [pid, process] : running) {
    const bool may_have_ended =
        std::find(ended_pids.begin(), ended_pids.end(), pid) != ended_pids.end();
    if (!may_have_ended && now < process->next_look()) continue;
    process->look(may_have_ended);
    if (!process->is_running()) over.push_back(pid);
  }
  for (const pid_t pid : over) retire(pid);
}

void Fleet::State::tell_incident(const WatchedProcess& process, const recording::Alert& alert,
                                 const char* event) const {
  // What a process did long before it was attached to is no news.
  constexpr double kNews = -60;
  if (!alerts->on_incident || alert.at < kNews) return;
  alerts::Incident incident;
  incident.type = alert.is_failure ? alerts::Type::failure : alerts::Type::large;
  incident.process = process.key();
  incident.function = function_name(alert.function);
  incident.event = event;
  incident.size = alert.size;
  incident.error_number = alert.error_number;
  if (alert.is_failure) incident.error_name = analysis::errno_name(alert.error_number);
  incident.tid = alert.tid;
  alerts->on_incident(incident, config.alert_rules_for(process.names()), alert.frames);
}

void Fleet::State::note(const WatchedProcess& process, const recording::Alert& alert,
                        OperationKind kind) {
  const alerts::ProcessKey key = process.key();
  operations.add({key.pid, key.start_ticks, key.name}, alert, kind,
                 process.watched_since() + std::chrono::duration_cast<Clock::duration>(
                                               std::chrono::duration<double>(alert.at)));
}

Clock::time_point Fleet::State::next_turn() const {
  Clock::time_point next = std::min(next_scan, next_poll);
  for (const auto& [pid, process] : running) next = std::min(next, process->next_look());
  return next;
}

// Of these only what their own collectors publish is known.
std::vector<ProcessStatus> Fleet::State::recorded_elsewhere(Clock::time_point now) const {
  std::vector<ProcessStatus> all;
  for (const auto& [name, candidate] : candidates) {
    if (candidate.state != Candidate::State::elsewhere) continue;
    intake::SegmentName parsed;
    const Result<intake::Segment> segment = intake::Segment::open(name);
    if (!segment || !intake::parse_segment_name(name, &parsed)) continue;  // just ended
    ProcessStatus status;
    status.source = Source::elsewhere;
    status.pid = parsed.pid;
    status.start_ticks = parsed.start_time;
    status.name = candidate.names.shown;
    model::Process identity;
    recording::read_identity(parsed.pid, &identity);
    status.exe = identity.exe;
    status.command = identity.command;
    status.collector = static_cast<pid_t>(intake::collector_in_charge(*segment));
    status.mode = mode_of(segment->header().control.load(std::memory_order_relaxed));
    // Relaxed: plain news.
    status.live_bytes = segment->header().live_bytes.load(std::memory_order_relaxed);
    status.watched_for = std::chrono::duration<double>(now - candidate.seen).count();
    if (const auto sample = procfs::sample_process(parsed.pid)) {
      status.rss = sample->rss;
      status.rss_peak = std::max(sample->rss_peak, sample->rss);
    }
    all.push_back(std::move(status));
  }
  return all;
}

Fleet::Fleet(std::unique_ptr<State> state) : state_(std::move(state)) {
  State& s = *state_;
  s.shared.warn = [&s](const std::string& sentence) { s.warn(sentence); };
  s.alerts = &alert_callbacks;
  s.consumer_rounds.on_round = [&s](pid_t pid, std::span<const ShownSites::Seen> round) {
    s.shown_sites.look(pid, round);
  };
  s.shared.alert_of = [&s](const WatchedProcess& process, const recording::Alert& alert) {
    const bool moved =
        alert.function == Function::realloc_ || alert.function == Function::reallocarray_;
    s.tell_incident(process, alert, moved ? "reallocation" : "allocation");
    s.note(process, alert,
           alert.is_failure ? OperationKind::failure
           : moved          ? OperationKind::reallocation
                            : OperationKind::large);
  };
  s.shared.release_of = [&s](const WatchedProcess& process, const recording::Alert& alert) {
    s.tell_incident(process, alert, "release");
    s.note(process, alert, OperationKind::release);
  };
  s.shared.on_checking = [&s](pid_t checked) { s.serve_during_check(checked); };
  s.shared.add_event = [&s](Event event, Clock::time_point at) {
    s.events.add(std::move(event), at);
  };
}

Fleet::~Fleet() = default;

Result<std::unique_ptr<Fleet>> Fleet::create(Config config, WatchList watch_list) {
  Result<intake::RendezvousServer> server = intake::RendezvousServer::create();
  if (!server) return server.error();
  watch_list.set_configured(config.watch);
  auto state =
      std::make_unique<State>(std::move(config), std::move(watch_list), *std::move(server));
  state->ready.reset(epoll_create1(EPOLL_CLOEXEC));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  state->descriptor_limit = limit.rlim_cur;
  state->room = most_recorded(limit.rlim_cur);
  epoll_event event{};
  event.events = EPOLLIN;
  if (!state->ready.is_open() ||
      epoll_ctl(state->ready.get(), EPOLL_CTL_ADD, state->rendezvous.descriptor(), &event) != 0) {
    return system_error("wait for processes", "epoll", errno);
  }
  return std::unique_ptr<Fleet>(new Fleet(std::move(state)));
}

void Fleet::reconfigure(Config config) {
  state_->config = std::move(config);
  state_->watch_list.set_configured(state_->config.watch);
  state_->apply_watch_list();
}

Result<void> Fleet::watch(const std::string& name) {
  const Result<void> added = state_->watch_list.add(name);
  if (added) state_->apply_watch_list();
  return added;
}

Result<void> Fleet::unwatch(const std::string& name) {
  const Result<void> removed = state_->watch_list.remove(name);
  if (removed) state_->apply_watch_list();
  return removed;
}

const WatchList& Fleet::watch_list() const {
  return state_->watch_list;
}

void Fleet::add_descriptors(std::vector<pollfd>& waiting) const {
  waiting.push_back({state_->ready.get(), POLLIN, 0});
}

std::chrono::milliseconds Fleet::until_next_turn() const {
  const auto now = Clock::now();
  const auto next = state_->next_turn();
  if (next <= now) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(next - now);
}

void Fleet::turn() {
  State& s = *state_;
  s.on_warning = on_warning;
  s.on_notice = on_notice;
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(s.ready.get(), events.data(), static_cast<int>(events.size()), 0);
  std::vector<pid_t> ended_pids;
  bool has_visitors = false;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t pid = events[static_cast<std::size_t>(i)].data.u64;
    if (pid == 0) {
      has_visitors = true;
    } else {
      ended_pids.push_back(static_cast<pid_t>(pid));
    }
  }
  if (has_visitors || !s.postponed.empty()) s.accept_visitors();
  s.look(ended_pids);
  const auto now = Clock::now();
  if (now >= s.next_scan) {
    s.scan();
    s.next_scan = now + kBetweenScans;
  }
  if (now >= s.next_sweep) {
    intake::sweep_stale_segments();
    s.next_sweep = now + kBetweenSweeps;
  }
  if (now >= s.next_poll) {
    std::set<pid_t> known;
    for (const auto& [pid, process] : s.running) known.insert(pid);
    for (const auto& [name, candidate] : s.candidates) {
      intake::SegmentName parsed;
      if (candidate.state == Candidate::State::elsewhere &&
          intake::parse_segment_name(name, &parsed)) {
        known.insert(parsed.pid);
      }
    }
    s.polled.poll(s.watch_list, known, now);
    s.next_poll = now + s.config.poll_interval;
  }
  s.pulse.intake_beats(std::chrono::duration_cast<std::chrono::milliseconds>(until_next_turn()));
}

std::vector<history::ProcessSample> Fleet::samples(std::int64_t time_ms) {
  std::vector<history::ProcessSample> samples;
  for (const auto& [pid, process] : state_->running) samples.push_back(process->sample(time_ms));
  state_->elsewhere = state_->recorded_elsewhere(Clock::now());
  for (const ProcessStatus& other : state_->elsewhere) {
    history::ProcessSample row;
    row.process = {other.pid, other.start_ticks, other.name};
    row.sample.time_ms = time_ms;
    row.sample.rss = row.sample.rss_max = other.rss;
    row.sample.live = row.sample.live_max = other.live_bytes;
    samples.push_back(std::move(row));
  }
  state_->polled.add_samples(time_ms, samples);
  return samples;
}

ConsumerNews Fleet::consumers(std::int64_t time_ms,
                              const std::function<bool(history::SiteId)>& is_named) {
  State& s = *state_;
  s.consumer_rounds.is_named = is_named;
  s.consumer_rounds.look(s.running, s.config.consumers_every, time_ms);
  return s.consumer_rounds.take(time_ms);
}

std::vector<history::SiteId> Fleet::nameless_sites() const {
  return state_->shown_sites.nameless();
}

void Fleet::name_sites(ShownSites::Labels labels) {
  state_->shown_sites.name(std::move(labels));
}

std::vector<history::Operation> Fleet::take_operations() {
  return state_->operations.take();
}

void Fleet::restore(std::vector<EventLog::Earlier> events) {
  state_->events.restore(std::move(events));
}

namespace {

Error not_recorded(const char* attempted, pid_t pid, const char* why) {
  return Error{ErrorKind::not_found, attempted, "process " + std::to_string(pid), why, {}};
}

}  // namespace

Result<model::Session> Fleet::session_of(pid_t pid) {
  constexpr const char* kAttempted = "look at what was recorded";
  if (const auto at = state_->running.find(pid); at != state_->running.end()) {
    return at->second->recorder().snapshot();
  }
  for (const auto& process : state_->ended) {
    if (process->pid() == pid) return process->recorder().snapshot();
  }
  Status all;
  describe(&all);
  const bool is_known = std::any_of(all.processes.begin(), all.processes.end(),
                                    [pid](const ProcessStatus& p) { return p.pid == pid; });
  return not_recorded(kAttempted, pid,
                      is_known ? "this daemon does not record it" : "it is not watched");
}

Result<Fleet::MemoryOfProcess> Fleet::heap_facts_of(pid_t pid) {
  constexpr const char* kAttempted = "look at the memory";
  if (const auto at = state_->running.find(pid); at != state_->running.end()) {
    Result<analysis::HeapFacts> facts = at->second->recorder().heap_facts();
    if (!facts) return facts.error();
    return MemoryOfProcess{at->second->names().shown, at->second->start_ticks(), *std::move(facts)};
  }
  Status all;
  describe(&all);
  for (const ProcessStatus& process : all.processes) {
    if (process.pid != pid) continue;
    if (!process.is_running) return not_recorded(kAttempted, pid, "it has ended");
    return MemoryOfProcess{process.name, process.start_ticks, {}};
  }
  return not_recorded(kAttempted, pid, "it is not watched");
}

void Fleet::check_leaks(recording::LeakQuestion question) {
  const auto at = state_->running.find(question.pid);
  if (at == state_->running.end()) {
    return question.answer(
        not_recorded("check for leaks", question.pid, "this daemon does not record it"));
  }
  at->second->check_leaks(std::move(question));
}

void Fleet::end_leak_checks(const std::string& why) {
  for (const auto& [pid, process] : state_->running) process->recorder().end_leak_checks(why);
}

std::vector<ProcessMeasures> Fleet::measures(std::size_t top) const {
  std::vector<ProcessMeasures> all;
  for (const auto& [pid, process] : state_->running) {
    recording::Recorder& recorder = process->recorder();
    all.push_back(measure(recorder.session(), recorder.first_process(), top));
    state_->shown_sites.measure(recorder.first_process(), &all.back());
    all.back().pid = pid;
    all.back().start_ticks = process->start_ticks();
  }
  return all;
}

AlertRound Fleet::alert_round() {
  State& s = *state_;
  const auto now = Clock::now();
  AlertRound round;
  PressureReader pressure;
  for (const pid_t pid : s.growth_rounds.due(s.running, now)) {
    const auto began = Clock::now();
    if (!s.growth_rounds.has_time(began)) break;
    s.running.at(pid)->judge_growth();
    s.growth_rounds.judged(pid, began, Clock::now());
  }
  for (const auto& [pid, process] : s.running) {
    round.processes.push_back({process->observe(now), s.config.alert_rules_for(process->names())});
    pressure.add(*process, round.processes.back().seen);
  }
  const auto add = [&](const ProcessStatus& other, double fresh_for) {
    AlertRound::One one;
    one.seen.process = {other.pid, other.start_ticks, other.name};
    one.seen.watched_for = other.watched_for;
    one.seen.fresh_for = fresh_for;
    one.seen.rss = other.rss;
    if (other.source == Source::elsewhere) one.seen.heap = other.live_bytes;
    one.rules = s.config.alert_rules_for({other.name, other.name});
    round.processes.push_back(std::move(one));
  };
  constexpr double kFresh = 15;
  for (const ProcessStatus& other : s.elsewhere) add(other, kFresh);
  if (s.polled.take_news_for_alerts()) {
    const auto interval = static_cast<double>(s.config.poll_interval.count());
    for (const ProcessStatus& other : s.polled.describe(now)) add(other, interval + kFresh);
  }
  round.pressure = pressure.observations();
  return round;
}

std::vector<recording::Alert::Frame> Fleet::site_of(const alerts::ProcessKey& process,
                                                    bool of_growth) const {
  const auto at = state_->running.find(process.pid);
  if (at == state_->running.end() || at->second->key() != process) return {};
  return of_growth ? at->second->growing_site() : at->second->largest_site();
}

void Fleet::describe(Status* status) const {
  const State& s = *state_;
  const auto now = Clock::now();
  status->configured_names = s.watch_list.configured();
  status->added_names = s.watch_list.added();
  for (const auto& [pid, process] : s.running) status->processes.push_back(process->describe(now));
  for (ProcessStatus& other : s.recorded_elsewhere(now)) {
    status->processes.push_back(std::move(other));
  }
  for (ProcessStatus& other : s.polled.describe(now)) status->processes.push_back(std::move(other));
  std::stable_sort(status->processes.begin(), status->processes.end(),
                   [](const ProcessStatus& a, const ProcessStatus& b) { return a.pid < b.pid; });
  for (const auto& process : s.ended) status->processes.push_back(process->describe(now));
  status->events = s.events.latest_first(now);
  status->events_seen = s.events.seen();
  status->not_recorded = static_cast<std::size_t>(
      std::count_if(s.candidates.begin(), s.candidates.end(), [](const auto& candidate) {
        return candidate.second.state == Candidate::State::no_room ||
               candidate.second.state == Candidate::State::given_up;
      }));
}

}  // namespace memwatch::daemon
