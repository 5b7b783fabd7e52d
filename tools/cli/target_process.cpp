#include "tools/cli/target_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "collector/base/unique_fd.h"
#include "shared/rendezvous.h"

namespace memwatch::cli {

namespace {

constexpr std::array<int, 4> kPassedOn = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
constexpr std::array<int, 2> kKeyboard = {SIGINT, SIGQUIT};
constexpr std::array<int, 4> kIgnored = {SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ};

// Signals that arrived and have not been passed on: a bit per number. Written by the handler.
std::atomic<std::uint64_t> g_arrived{0};

void note_signal(int number) {
  g_arrived.fetch_or(1ULL << number, std::memory_order_relaxed);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the signals that memwatch ignores while a program runs did before the first one ran: a
// second program must not inherit that they are ignored.
using Dispositions = std::array<struct sigaction, kIgnored.size()>;

const Dispositions& dispositions_before() {
  static const Dispositions before = [] {
    Dispositions dispositions{};
    for (std::size_t i = 0; i < kIgnored.size(); ++i) {
      sigaction(kIgnored[i], nullptr, &dispositions[i]);
    }
    return dispositions;
  }();
  return before;
}

// In the child: signals as memwatch found them, then the program.
[[noreturn]] void execute(const char* path, char* const* arguments, char* const* environment,
                          const sigset_t& mask, const TargetStreams& streams, int report) {
  const Dispositions& before = dispositions_before();
  for (std::size_t i = 0; i < kIgnored.size(); ++i) sigaction(kIgnored[i], &before[i], nullptr);
  if (streams.own_group) setpgid(0, 0);
  if (streams.in >= 0) dup2(streams.in, STDIN_FILENO);
  if (streams.out >= 0) dup2(streams.out, STDOUT_FILENO);
  if (streams.error >= 0) dup2(streams.error, STDERR_FILENO);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execvpe(path, arguments, environment);
  const int error = errno;
  static_cast<void>(write(report, &error, sizeof error));
  _exit(127);
}

}  // namespace

std::vector<std::string> traced_environment(const std::string& library,
                                            const std::string& rendezvous, bool follow,
                                            const std::string& unwinder,
                                            const std::string& allocator) {
  constexpr std::string_view kPreload = "LD_PRELOAD=";
  const std::string options_name = std::string(protocol::kOptionsVariable) + "=";
  std::vector<std::string> environment;
  std::string preloaded;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(kPreload)) {
      preloaded = text.substr(kPreload.size());
    } else if (!text.starts_with(options_name)) {
      environment.emplace_back(text);
    }
  }
  environment.push_back(std::string(kPreload) + library + (preloaded.empty() ? "" : ":") +
                        preloaded);
  environment.push_back(options_name + "socket=" + rendezvous + ":follow=" + (follow ? "1" : "0") +
                        ":unwinder=" + unwinder + ":allocator=" + allocator);
  return environment;
}

Result<TargetProcess> TargetProcess::start(const std::string& path,
                                           const std::vector<std::string>& arguments,
                                           const std::vector<std::string>& environment,
                                           const TargetStreams& streams) {
  dispositions_before();
  const std::vector<char*> argument_list = pointers_to(arguments);
  const std::vector<char*> environment_list = pointers_to(environment);
  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) != 0) return system_error("start", path, errno);
  UniqueFd read_end(report[0]);
  UniqueFd write_end(report[1]);

  // Blocked until the handlers are in place: a signal in between must not end memwatch alone.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    execute(path.c_str(), argument_list.data(), environment_list.data(), before, streams,
            write_end.get());
  }
  const int fork_error = errno;
  if (pid > 0) {
    for (const int number : kKeyboard) signal(number, SIG_IGN);
    struct sigaction note {};
    note.sa_handler = note_signal;
    note.sa_flags = SA_RESTART;
    for (const int number : kPassedOn) sigaction(number, &note, nullptr);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of writing, told as such
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return system_error("start", path, fork_error);

  write_end.reset();
  int error = 0;
  if (read(read_end.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    waitpid(pid, nullptr, 0);
    Error failed = system_error("run", path, error);
    if (error == ENOENT) failed.kind = ErrorKind::not_found;
    return failed;
  }
  return TargetProcess(pid);
}

bool TargetProcess::has_ended() const {
  const std::uint64_t arrived = g_arrived.exchange(0, std::memory_order_relaxed);
  for (const int number : kPassedOn) {
    if ((arrived >> number & 1) != 0) kill(pid_, number);
  }
  siginfo_t ended{};
  return waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == pid_;
}

TargetEnd TargetProcess::collect() const {
  TargetEnd end;
  rusage usage{};
  while (wait4(pid_, &end.wait_status, 0, &usage) < 0 && errno == EINTR) continue;
  end.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return end;
}

}  // namespace memwatch::cli
