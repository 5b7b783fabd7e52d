#include "tools/cli/sweep_runs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <set>
#include <string_view>

#include "collector/analysis/call_site.h"
#include "collector/base/unique_fd.h"
#include "tools/cli/message.h"
#include "tools/cli/target_process.h"

namespace memwatch::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<int, 4> kInterrupting = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
std::atomic<bool> g_interrupted{false};

void note_interruption(int) {
  g_interrupted.store(true, std::memory_order_relaxed);
}

// After the program was started, which gave these signals to it.
void take_signals() {
  struct sigaction note {};
  note.sa_handler = note_interruption;
  for (const int number : kInterrupting) sigaction(number, &note, nullptr);
}

// FNV-1a (Fowler, Noll, Vo), 64 bits: outputs of one program are compared, nobody makes them up.
std::uint64_t hash_of_file(int fd) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  std::array<unsigned char, 65536> piece{};
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), at);
    if (got <= 0) return hash;
    for (ssize_t i = 0; i < got; ++i) {
      hash = (hash ^ piece[static_cast<std::size_t>(i)]) * 0x100000001b3ULL;
    }
    at += got;
  }
}

// Finds out which stacks may be made to fail: the target asks about each once, when it first comes.
struct SiteList {
  std::optional<analysis::CallSites> identities;
  std::set<std::uint64_t> known;
  std::vector<FoundSite> found;

  void add(const model::Session& session, model::StackId stack) {
    if (!identities) identities.emplace(session);
    const std::uint64_t site = identities->of(stack);
    if (known.insert(site).second) found.emplace_back(site, stack);
  }
};

struct Streams {
  UniqueFd nothing, output;
};

Result<Streams> make_streams() {
  Streams streams;
  streams.nothing.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!streams.nothing.is_open()) return system_error("open", "/dev/null", errno);
  streams.output.reset(::memfd_create("memwatch-output", MFD_CLOEXEC));
  if (!streams.output.is_open()) return system_error("keep the program's output", "memfd", errno);
  return streams;
}

// Until it has ended; false: it had to be killed.
bool wait_for(recording::Recorder& recorder, const TargetProcess& target,
              std::chrono::nanoseconds limit) {
  const auto start = Clock::now();
  bool in_time = true;
  bool killed = false;
  while (!target.has_ended()) {
    recorder.turn();
    const bool too_late = limit.count() > 0 && Clock::now() - start > limit;
    if (!killed && (too_late || is_sweep_interrupted())) {
      in_time = !too_late;
      killed = true;
      ::kill(-target.pid(), SIGKILL);
    }
  }
  // What it has left running would run beside the next one.
  ::kill(-target.pid(), SIGKILL);
  return in_time;
}

}  // namespace

bool is_sweep_interrupted() {
  return g_interrupted.load(std::memory_order_relaxed);
}

Result<SweepRun> sweep_run(const SweepProgram& program, std::optional<std::uint64_t> site,
                           bool persistent, std::chrono::nanoseconds limit) {
  recording::RecorderOptions options;
  options.command = program.command;
  options.injection.emplace();
  options.injection->site = site.value_or(0);
  options.injection->first_failing = persistent ? 0 : 1;
  Result<std::unique_ptr<recording::Recorder>> created =
      recording::Recorder::create(std::move(options));
  if (!created) return created.error();
  Result<Streams> streams = make_streams();
  if (!streams) return streams.error();
  SweepRun run;
  run.recorder = *std::move(created);
  SiteList sites;
  run.recorder->on_warning = [](const std::string& sentence) { print_warning(sentence); };
  run.recorder->on_stack_question = [&](const model::Session& session, model::StackId stack) {
    if (!site) {
      sites.add(session, stack);
      return false;
    }
    if (!sites.identities) sites.identities.emplace(session);
    return sites.identities->of(stack) == *site;
  };

  TargetStreams given{streams->nothing.get(), streams->output.get(), streams->nothing.get()};
  given.own_group = true;
  const auto start = Clock::now();
  Result<TargetProcess> target =
      TargetProcess::start(program.path, program.command,
                           traced_environment(program.library, run.recorder->rendezvous_path(),
                                              true, "builtin", "system"),
                           given);
  if (!target) return target.error();
  take_signals();
  run.end.timed_out = !wait_for(*run.recorder, *target, limit);
  run.recorder->welcome_visitors();
  const TargetEnd end = target->collect();
  run.recorder->child_ended(target->pid(), end.wait_status, end.max_rss_bytes);
  run.recorder->stop();
  run.recorder->on_stack_question = nullptr;
  run.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  run.end.wait_status = end.wait_status;
  run.output_hash = hash_of_file(streams->output.get());
  run.sites = std::move(sites.found);
  return run;
}

}  // namespace memwatch::cli
