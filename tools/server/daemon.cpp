#include "tools/server/daemon.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <limits>
#include <optional>
#include <vector>

#include "collector/base/unique_fd.h"
#include "collector/daemon/config.h"
#include "collector/daemon/fleet.h"
#include "collector/daemon/runtime_directory.h"
#include "collector/daemon/single_instance.h"
#include "collector/history/history.h"
#include "collector/intake/registry.h"
#include "collector/procfs/pressure.h"
#include "collector/procfs/text.h"
#include "collector/recording/own_memory.h"
#include "tools/server/alert_desk.h"
#include "tools/server/alert_questions.h"
#include "tools/server/api.h"
#include "tools/server/certificate_watch.h"
#include "tools/server/consumers.h"
#include "tools/server/control_server.h"
#include "tools/server/history_desk.h"
#include "tools/server/history_question.h"
#include "tools/server/http_renewal.h"
#include "tools/server/http_server.h"
#include "tools/server/http_token.h"
#include "tools/server/live_news.h"
#include "tools/server/main_thread_calls.h"
#include "tools/server/page.h"
#include "tools/server/questions.h"
#include "tools/server/service_manager.h"
#include "tools/server/timers.h"
#include "tools/server/workbench.h"

namespace memwatch::server {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kListen = "127.0.0.1:7676";
constexpr std::chrono::seconds kBetweenSamples{1};
constexpr std::chrono::seconds kBetweenTidyings{10};
constexpr std::chrono::seconds kFirstTidying{2};  // when all that runs has been found

// Tells this start of the machine from others; "" where the kernel does not tell.
std::string boot_id() {
  return std::string(
      procfs::trim(procfs::read_text("/proc/sys/kernel/random/boot_id", 64).value_or("")));
}

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Two descriptors for each process that is recorded, and a few.
void allow_many_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// With its parents, as mkdir -p.
Result<void> make_directory(const std::string& path) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return system_error("make the state directory", part, errno);
    }
    if (at == std::string::npos) break;
  }
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return system_error("write in the state directory", path, errno);
  }
  return {};
}

Result<daemon::Config> read_config(const DaemonOptions& options, bool* exists) {
  Result<daemon::Config> config = daemon::read_config(options.config_path);
  *exists = true;
  if (config || config.error().kind != ErrorKind::not_found || options.must_exist) return config;
  *exists = false;
  return daemon::Config{};
}

Result<UniqueFd> signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, number);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of writing, told as such
  if (pthread_sigmask(SIG_BLOCK, &wanted, nullptr) != 0) {
    return system_error("wait for signals", "the daemon", errno);
  }
  UniqueFd descriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor.is_open()) return system_error("wait for signals", "the daemon", errno);
  return descriptor;
}

}  // namespace

struct Daemon::State {
  State(DaemonOptions given, daemon::SingleInstance held)
      : options(std::move(given)), only_one(std::move(held)) {}

  DaemonOptions options;
  daemon::SingleInstance only_one;
  Clock::time_point start = Clock::now();
  daemon::Config config;  // as read at the start
  bool has_config = false;
  UniqueFd signal_descriptor;
  std::unique_ptr<daemon::Fleet> fleet;
  std::unique_ptr<ControlServer> control;
  MainThreadCalls calls;  // before the history, whose thread makes some
  std::unique_ptr<history::History> history;
  Timers timers;
  Clock::time_point next_sample = Clock::now() + kBetweenSamples;
  Clock::time_point next_tidying = Clock::now() + kFirstTidying;
  std::unique_ptr<AlertDesk> desk;  // after what it uses
  std::unique_ptr<HistoryDesk> history_desk;
  std::unique_ptr<Api> api;
  std::unique_ptr<LiveNewsDesk> news;  // outlives the server that its stream goes out from
  std::unique_ptr<Workbench> workbench = std::make_unique<Workbench>();
  std::unique_ptr<HttpServer> http;  // goes first: its thread makes calls
  std::string address, url;          // where it listens; "" nowhere
  CertificateWatch certificate_watch;

  void start_history(const daemon::Config& wanted,
                     const std::function<void(const std::string&)>& warn);
  void start_alerts(const std::function<void(const std::string&)>& warn,
                    const std::function<void(const std::string&)>& say);
  Result<void> start_http();
  std::optional<ControlAnswer> answer(const std::vector<std::string>& words, std::uint64_t number);
  std::optional<ControlAnswer> answer_sites(const std::vector<std::string>& words,
                                            std::uint64_t number);
  void keep_history();
  void tidy_up();
  void look_at_certificate(const std::function<void(const std::string&)>& warn);
  [[nodiscard]] daemon::Status status() const;
  [[nodiscard]] std::chrono::milliseconds until_next_turn() const;
  // False: the daemon is to end.
  bool handle_signals(const std::function<void(const std::string&)>& warn,
                      const std::function<void(const std::string&)>& notice);
};

void Daemon::State::start_history(const daemon::Config& wanted,
                                  const std::function<void(const std::string&)>& warn) {
  history::Limits limits;
  limits.keep = wanted.history_keep;
  limits.max_bytes = wanted.history_max_bytes;
  limits.keep_alerts = wanted.alerts.keep;
  limits.keep_operations = wanted.keep_operations;
  history.reset();  // writes what waits
  history = std::make_unique<history::History>(options.state_directory + "/history.db", boot_id(),
                                               limits, warn, history::History::system_clocks(),
                                               recording::drop_program_pages);
}

void Daemon::State::start_alerts(const std::function<void(const std::string&)>& warn,
                                 const std::function<void(const std::string&)>& say) {
  desk = std::make_unique<AlertDesk>(AlertDesk::Parts{
      *fleet, calls, [this]() -> history::History& { return *history; }, options.state_directory,
      url.empty() ? "" : url + "api/v1/alerts/", warn, say,
      [this](const alerts::Notice& notice) {
        if (news) news->tell(notice);
      }});
  desk->configure(config.alerts);
  desk->start();
}

// Requests come on the server's thread; what they ask for is found on this one.
Result<void> Daemon::State::start_http() {
  // What the command line says goes before the configuration.
  const std::string listen = !options.listen.empty()       ? options.listen
                             : !config.http.listen.empty() ? config.http.listen
                                                           : kListen;
  if (listen == "off") return {};
  const Result<ListenAddress> wanted = parse_listen_address(listen, true);
  if (!wanted) return wanted.error();
  if (const auto may = may_listen(*wanted, config.http); !may) return may.error();
  const Result<std::string> token = read_token(config.http, options.config_path);
  if (!token) return token.error();
  const auto certificate = load_certificate(config.http);
  if (!certificate) return certificate.error();
  Api::Sources sources;
  sources.status = [this](std::function<void(const daemon::Status&)> use) {
    calls.add([this, use = std::move(use)] { use(status()); });
  };
  sources.history = [this](history::Question question,
                           std::function<void(history::History::Answer)> use) {
    calls.add([this, question = std::move(question), use = std::move(use)] {
      if (history) history->ask(question, use);
    });
  };
  sources.consumers = [this](history::ConsumerQuestion question,
                             std::function<void(history::History::ConsumerAnswer)> use) {
    calls.add([this, question = std::move(question), use = std::move(use)] {
      if (history) history->find_consumers(question, use);
    });
  };
  sources.operations = [this](history::Question question,
                              std::function<void(history::History::OperationAnswer)> use) {
    calls.add([this, question = std::move(question), use = std::move(use)] {
      if (history) history->find_operations(question, use);
    });
  };
  sources.now_ms = wall_ms;
  sources.session = [this](pid_t pid, std::function<void(Result<model::Session>)> use) {
    calls.add([this, pid, use = std::move(use)] { use(fleet->session_of(pid)); });
  };
  sources.memory = [this](pid_t pid,
                          std::function<void(Result<daemon::Fleet::MemoryOfProcess>)> use) {
    calls.add([this, pid, use = std::move(use)] { use(fleet->heap_facts_of(pid)); });
  };
  sources.check_leaks = [this](pid_t pid, std::uint64_t seconds,
                               std::function<void(Result<model::Session>)> use) {
    calls.add([this, pid, seconds, use = std::move(use)] {
      recording::LeakQuestion question;
      question.pid = pid;
      question.watch = std::chrono::seconds(seconds);
      question.answer = use;
      fleet->check_leaks(std::move(question));
    });
  };
  sources.work = [this](std::function<void()> job) { return workbench->add(std::move(job)); };
  sources.later = [this](std::chrono::milliseconds in, std::function<void()> call) {
    return timers.add(in, std::move(call));
  };
  sources.metrics = [this](std::function<void(const MetricFacts&)> use) {
    calls.add([this, use = std::move(use)] {
      MetricFacts facts;
      facts.status = status();
      facts.measures = fleet->measures(kTopModules);
      facts.machine_pressure = procfs::read_pressure();
      use(facts);
    });
  };
  sources.symbol_cache = options.symbol_cache;
  sources.alerts.find = [this](history::AlertQuestion question, auto use) {
    calls.add([this, question, use = std::move(use)] {
      if (!desk) return;
      desk->find(question, [use, status = desk->status()](auto found) {
        if (!found) return use(found.error());
        use(AlertSources::Answer{*std::move(found), status});
      });
    });
  };
  sources.alerts.resolve = [this](std::uint64_t id, auto use) {
    calls.add([this, id, use = std::move(use)] {
      if (desk) use(desk->resolve(id));
    });
  };
  api = std::make_unique<Api>(std::move(sources));
  news = std::make_unique<LiveNewsDesk>(LiveNewsDesk::Sources{
      [this] { return status(); }, [this](pid_t pid) { return fleet->heap_facts_of(pid); },
      [this](std::function<void()> job) { return workbench->add(std::move(job)); },
      [this](std::function<void()> call) { calls.add(std::move(call)); }});
  Result<std::unique_ptr<HttpServer>> started = HttpServer::start(
      *wanted,
      [this](const HttpRequest& request, std::function<void(HttpResponse)> reply) {
        if (std::optional<HttpResponse> page = page_response(request))
          return reply(*std::move(page));
        api->handle(request, std::move(reply));
      },
      {&news->stream(), *token, *certificate, recording::drop_program_pages});
  if (!started) return started.error();
  http = *std::move(started);
  ListenAddress has = *wanted;
  has.port = http->port();
  address = has.text();
  url = (*certificate ? "https://" : "http://") + address + "/";
  if (*certificate) certificate_watch.watch((*certificate)->times());
  return {};
}

// The copy of what is recorded is made here, the names for it are looked up elsewhere.
std::optional<ControlAnswer> Daemon::State::answer_sites(const std::vector<std::string>& words,
                                                         std::uint64_t number) {
  constexpr int kWrongUsage = 2, kFailed = 3;
  const auto pid = procfs::parse_number(words[1]), top = procfs::parse_number(words[2]);
  constexpr auto kMostPid = static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max());
  if (!pid || !top || *pid > kMostPid) return ControlAnswer{kWrongUsage, "sites: unknown question"};
  Result<model::Session> found = fleet->session_of(static_cast<pid_t>(*pid));
  if (!found) return ControlAnswer{kFailed, found.error().to_line()};
  const auto session = std::make_shared<model::Session>(*std::move(found));
  const bool taken = workbench->add([this, number, session, top = *top] {
    ControlAnswer answer{0, consumers_json(*session, "site", top, options.symbol_cache)};
    calls.add([this, number, answer = std::move(answer)] {
      if (control) control->answer(number, answer);
    });
  });
  if (!taken) return ControlAnswer{kFailed, "sites: too much is being looked up already"};
  return std::nullopt;
}

std::optional<ControlAnswer> Daemon::State::answer(const std::vector<std::string>& words,
                                                   std::uint64_t number) {
  const auto later = [this, number](const ControlAnswer& given) {
    calls.add([this, number, given] {
      if (control) control->answer(number, given);
    });
  };
  if (desk && answer_alert_question(words, *desk, wall_ms(), later)) return std::nullopt;
  if (words.size() == 3 && words[0] == "sites") return answer_sites(words, number);
  if (words.empty() || words[0] != "history") {
    return answer_question(words, *fleet, [this] { return status(); });
  }
  const std::optional<HistoryQuestion> asked = read_history_question(words, wall_ms());
  if (!asked) return ControlAnswer{2, "history: unknown question"};
  answer_history_question(*asked, *history, later);
  return std::nullopt;
}

void Daemon::State::keep_history() {
  const auto now = Clock::now();
  if (now < next_sample) return;
  next_sample = std::max(next_sample + kBetweenSamples, now);
  history_desk->look(wall_ms());
  desk->look();
  recording::drop_program_pages();  // the history's thread has its own part of the second
}

void Daemon::State::tidy_up() {
  if (Clock::now() < next_tidying) return;
  next_tidying = Clock::now() + kBetweenTidyings;
  recording::give_back_heap();
}

// It may be the clock that is wrong, and watching goes on in any case.
void Daemon::State::look_at_certificate(const std::function<void(const std::string&)>& warn) {
  if (!certificate_watch.is_watching()) return;
  const std::string line = certificate_watch.news(std::time(nullptr));
  if (!line.empty()) warn(line);
}

std::chrono::milliseconds Daemon::State::until_next_turn() const {
  const auto until = timers.until_next(fleet->until_next_turn());
  return news ? news->until_next(until) : until;
}

daemon::Status Daemon::State::status() const {
  daemon::Status status;
  status.version = MEMWATCH_VERSION;
  status.config_path = options.config_path;
  status.has_config = has_config;
  status.address = address;
  status.pid = getpid();
  status.now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  status.uptime = std::chrono::duration<double>(Clock::now() - start).count();
  if (certificate_watch.is_watching()) {
    status.certificate =
        daemon::CertificateStatus{certificate_watch.times().path, certificate_watch.times().until,
                                  certificate_watch.trouble(static_cast<std::int64_t>(status.now))};
  }
  fleet->describe(&status);
  if (desk) status.alerts = desk->status();
  return status;
}

bool Daemon::State::handle_signals(const std::function<void(const std::string&)>& warn,
                                   const std::function<void(const std::string&)>& notice) {
  signalfd_siginfo received{};
  while (::read(signal_descriptor.get(), &received, sizeof received) ==
         static_cast<ssize_t>(sizeof received)) {
    if (received.ssi_signo != SIGHUP) return false;
    notify_reloading();
    bool exists = false;
    Result<daemon::Config> read = read_config(options, &exists);
    if (read) {
      has_config = exists;
      if (read->history_keep != config.history_keep ||
          read->history_max_bytes != config.history_max_bytes ||
          read->keep_operations != config.keep_operations ||
          read->alerts.keep != config.alerts.keep) {
        start_history(*read, warn);
      }
      read->http = renew_http(http.get(), config.http, read->http, options.config_path, warn,
                              certificate_watch);
      config = *read;
      desk->configure(config.alerts);
      fleet->reconfigure(*std::move(read));
      notice(options.config_path + (exists ? ": read again" : ": not there, so as by default"));
    } else {
      warn(read.error().to_line() + "; what was read before stays in force");
    }
    notify_ready("watching");
  }
  return true;
}

Daemon::Daemon(std::unique_ptr<State> state) : state_(std::move(state)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::create(DaemonOptions options) {
  bool exists = false;
  Result<daemon::Config> config = read_config(options, &exists);
  if (!config) return config.error();
  const Result<std::string> runtime = daemon::runtime_directory();
  if (!runtime) return runtime.error();
  Result<daemon::SingleInstance> only_one = daemon::SingleInstance::claim(*runtime);
  if (!only_one) return only_one.error();
  if (const auto made = make_directory(options.state_directory); !made) return made.error();
  Result<daemon::WatchList> watch_list =
      daemon::WatchList::open(options.state_directory + "/watch-list");
  if (!watch_list) return watch_list.error();
  // Blocked before any thread is started, so that all of them leave signals to the descriptor.
  Result<UniqueFd> signal_descriptor = signals();
  if (!signal_descriptor) return signal_descriptor.error();
  allow_many_descriptors();
  intake::sweep_stale_segments();
  auto state = std::make_unique<State>(std::move(options), *std::move(only_one));
  state->config = *config;
  state->has_config = exists;
  state->signal_descriptor = *std::move(signal_descriptor);
  Result<std::unique_ptr<daemon::Fleet>> fleet =
      daemon::Fleet::create(*std::move(config), *std::move(watch_list));
  if (!fleet) return fleet.error();
  state->fleet = *std::move(fleet);
  Result<ControlServer> control = ControlServer::listen(daemon::control_socket_path(*runtime));
  if (!control) return control.error();
  state->control = std::make_unique<ControlServer>(*std::move(control));
  if (const auto listens = state->start_http(); !listens) return listens.error();
  return std::unique_ptr<Daemon>(new Daemon(std::move(state)));
}

void Daemon::run() {
  State& s = *state_;
  const auto warn = [this](const std::string& line) {
    if (on_warning) on_warning(line);
  };
  const auto notice = [this](const std::string& line) {
    if (on_notice) on_notice(line);
  };
  s.fleet->on_warning = warn;
  s.fleet->on_notice = on_process;
  s.control->on_question = [&s](const std::vector<std::string>& words, std::uint64_t number) {
    return s.answer(words, number);
  };
  s.start_history(s.config, warn);
  s.history_desk = std::make_unique<HistoryDesk>(
      HistoryDesk::Parts{*s.fleet, s.calls, [&s]() -> history::History& { return *s.history; }});
  s.history_desk->start();
  s.start_alerts(warn, notice);
  notice(fmt::format("watching {} (pid {}){}{}",
                     s.fleet->watch_list().is_empty() ? "every process that carries the library"
                                                      : "the programs of the watch list",
                     getpid(), s.has_config ? ", as " + s.options.config_path + " says" : "",
                     s.url.empty() ? "" : ", " + s.url));
  s.look_at_certificate(warn);
  notify_ready("watching");
  std::vector<pollfd> waiting;
  while (true) {
    waiting.assign(1, {s.signal_descriptor.get(), POLLIN, 0});
    s.fleet->add_descriptors(waiting);
    waiting.push_back({s.calls.descriptor(), POLLIN, 0});
    s.control->add_descriptors(waiting);
    poll(waiting.data(), waiting.size(), static_cast<int>(s.until_next_turn().count()));
    if (waiting.front().revents != 0 && !s.handle_signals(warn, notice)) break;
    s.fleet->turn();
    s.desk->turn();
    s.keep_history();
    s.look_at_certificate(warn);
    s.tidy_up();
    s.calls.run_all();
    s.timers.run_due();
    if (s.news) s.news->turn();
    s.control->turn();
  }
  notify_stopping();
  s.fleet->end_leak_checks("the daemon is ending");
  s.http.reset();
  s.workbench.reset();
  s.desk.reset();
  s.history_desk->look(wall_ms());  // what has happened since the last time
  s.history_desk.reset();
  s.history.reset();  // writes what waits
  s.control.reset();
  s.fleet.reset();  // lets go of all processes
}

}  // namespace memwatch::server
