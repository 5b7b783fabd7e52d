#include "tools/server/recording_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <chrono>

#include "collector/base/unique_fd.h"
#include "tools/server/api.h"
#include "tools/server/http_server.h"
#include "tools/server/page.h"
#include "tools/server/workbench.h"

namespace memwatch::server {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBetweenLooksMs = 1000;

double seconds_of(std::chrono::system_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

double wall_seconds() {
  return seconds_of(std::chrono::system_clock::now().time_since_epoch());
}

Result<UniqueFd> signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&wanted, number);
  signal(SIGPIPE, SIG_IGN);
  if (pthread_sigmask(SIG_BLOCK, &wanted, nullptr) != 0) {
    return system_error("wait for signals", "serve", errno);
  }
  UniqueFd descriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor.is_open()) return system_error("wait for signals", "serve", errno);
  return descriptor;
}

// Recordings are for the one who made them: other addresses need a token, which `serve` has not.
Result<ListenAddress> loopback_address(const std::string& text) {
  Result<ListenAddress> address = parse_listen_address(text);
  boost::system::error_code error;
  if (address && boost::asio::ip::make_address(address->host, error).is_loopback()) return address;
  return Error{ErrorKind::usage, "listen for requests", text,
               "expected ADDRESS:PORT with an address of this machine alone",
               "127.0.0.1:7676, [::1]:7676"};
}

Error in_words_of_serve(Error error) {
  if (!error.remedy.empty()) error.remedy = "--listen 127.0.0.1:0 takes a free port";
  return error;
}

bool is_path(const RequestTarget& target, std::initializer_list<std::string_view> path) {
  return std::equal(path.begin(), path.end(), target.path.begin(), target.path.end());
}

}  // namespace

std::optional<HttpResponse> refusal_of_recordings(const HttpRequest& request) {
  const std::optional<RequestTarget> target = parse_target(request.target);
  if (!target) return std::nullopt;  // the Api says what is wrong
  if (is_path(*target, {"api", "v1", "breakdown"})) {
    return problem(409,
                   "a recording cannot tell what resident memory is made of: the kernel knows it "
                   "of running processes alone");
  }
  if (is_path(*target, {"api", "v1", "stream"}) || is_path(*target, {"api", "v1", "ws"})) {
    return problem(409, "recordings do not change: there is nothing to stream");
  }
  if (is_path(*target, {"api", "v1", "history", "consumers"}) ||
      is_path(*target, {"api", "v1", "history", "operations"})) {
    return problem(409,
                   "memwatch daemon keeps consumers and operations; of a recording there are "
                   "consumers at its end, /api/v1/consumers, and events, /api/v1/status");
  }
  if (is_path(*target, {"metrics"})) {
    return problem(409, "metrics are of what runs now: memwatch daemon has them");
  }
  const bool is_profile =
      !target->path.empty() && (target->path[0] == "debug" || target->path[0] == "processes");
  if (is_profile && target->query.count("seconds") != 0) {
    return problem(409, "seconds: a recording has no seconds to come; leave it out");
  }
  return std::nullopt;
}

struct RecordingServer::State {
  explicit State(Recordings& given) : recordings(given) {}

  Recordings& recordings;
  Clock::time_point start = Clock::now();
  UniqueFd signal_descriptor;
  std::string address;
  std::shared_ptr<const TlsCertificate> certificate;  // or null
  std::unique_ptr<Workbench> workbench = std::make_unique<Workbench>();
  std::unique_ptr<Api> api;
  std::unique_ptr<HttpServer> http;  // goes first: its thread asks the others

  [[nodiscard]] daemon::Status status() const;
  [[nodiscard]] ApiSources sources(const std::string& symbol_cache);
};

daemon::Status RecordingServer::State::status() const {
  daemon::Status status;
  status.version = MEMWATCH_VERSION;
  status.address = address;
  status.pid = getpid();
  status.now = wall_seconds();
  status.uptime = std::chrono::duration<double>(Clock::now() - start).count();
  recordings.describe(&status);
  return status;
}

ApiSources RecordingServer::State::sources(const std::string& symbol_cache) {
  ApiSources sources;
  sources.status = [this](const auto& use) { use(status()); };
  sources.now_ms = [] { return static_cast<std::int64_t>(wall_seconds() * 1000); };
  sources.history = [this](const history::Question& question, const auto& use) {
    use(recordings.samples(question, static_cast<std::int64_t>(wall_seconds() * 1000)));
  };
  sources.session = [this](pid_t number, const auto& use) { use(recordings.session_of(number)); };
  // What was found out at the end is in the recording.
  sources.check_leaks = [this](pid_t number, std::uint64_t, const auto& use) {
    use(recordings.session_of(number));
  };
  sources.has_final_verdicts = true;
  sources.work = [this](std::function<void()> job) { return workbench->add(std::move(job)); };
  sources.later = [](auto, const auto&) { return false; };
  sources.alerts.find = [](const history::AlertQuestion&, const auto& use) {
    use(AlertSources::Answer{});
  };
  sources.alerts.resolve = [](std::uint64_t id, const auto& use) {
    use(Error{ErrorKind::usage, "resolve", std::to_string(id), "recordings raise no alerts", {}});
  };
  sources.symbol_cache = symbol_cache;
  return sources;
}

RecordingServer::RecordingServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordingServer::~RecordingServer() = default;

Result<std::unique_ptr<RecordingServer>> RecordingServer::create(const Options& options,
                                                                 Recordings& recordings) {
  const Result<ListenAddress> wanted = loopback_address(options.listen);
  if (!wanted) return wanted.error();
  std::shared_ptr<const TlsCertificate> certificate;
  if (!options.certificate.empty()) {
    auto loaded = TlsCertificate::load(options.certificate, options.key);
    if (!loaded) return loaded.error();
    certificate = *std::move(loaded);
  }
  // Blocked before any thread is started, so that all of them leave signals to the descriptor.
  Result<UniqueFd> signal_descriptor = signals();
  if (!signal_descriptor) return signal_descriptor.error();
  auto state = std::make_unique<State>(recordings);
  state->signal_descriptor = *std::move(signal_descriptor);
  state->api = std::make_unique<Api>(state->sources(options.symbol_cache));
  Result<std::unique_ptr<HttpServer>> started = HttpServer::start(
      *wanted,
      [api = state->api.get()](const HttpRequest& request, const auto& reply) {
        if (std::optional<HttpResponse> page = page_response(request)) {
          return reply(*std::move(page));
        }
        if (std::optional<HttpResponse> refused = refusal_of_recordings(request)) {
          return reply(*std::move(refused));
        }
        api->handle(request, reply);
      },
      HttpServer::Settings{nullptr, "", certificate});
  if (!started) return in_words_of_serve(started.error());
  state->http = *std::move(started);
  const bool is_v6 = wanted->host.find(':') != std::string::npos;
  state->certificate = std::move(certificate);
  state->address =
      fmt::format("{}:{}", is_v6 ? "[" + wanted->host + "]" : wanted->host, state->http->port());
  return std::unique_ptr<RecordingServer>(new RecordingServer(std::move(state)));
}

std::string RecordingServer::url() const {
  return (state_->certificate ? "https://" : "http://") + state_->address + "/";
}

std::string RecordingServer::remark() const {
  return state_->certificate ? state_->certificate->out_of_time() : "";
}

void RecordingServer::run() {
  pollfd waiting{state_->signal_descriptor.get(), POLLIN, 0};
  while (poll(&waiting, 1, kBetweenLooksMs) <= 0) state_->recordings.look();
}

}  // namespace memwatch::server
