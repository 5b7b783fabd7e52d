#include "tools/cli/gate_runs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "collector/procfs/own_allocator.h"
#include "tools/cli/exit_status.h"
#include "tools/cli/message.h"
#include "tools/cli/progress.h"
#include "tools/cli/session_file.h"
#include "tools/cli/target_process.h"

namespace memwatch::cli {
namespace {

constexpr useconds_t kPollInterval = 2'000;
constexpr off_t kMostOutput = off_t{256} << 10;  // of a failed run; its end says most

// Settings for `run` that the command line of the child does not overrule.
constexpr auto kNotForTheChild = std::to_array<std::string_view>(
    {"MEMWATCH_JSON=", "MEMWATCH_FAIL_ON=", "MEMWATCH_ERROR_EXITCODE=", "MEMWATCH_VERBOSE="});

std::vector<std::string> child_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (std::none_of(kNotForTheChild.begin(), kNotForTheChild.end(),
                     [&](std::string_view name) { return text.starts_with(name); })) {
      environment.emplace_back(text);
    }
  }
  return environment;
}

// Without a name: it is gone when memwatch is.
Result<UniqueFd> temporary_file(const std::string& folder) {
  std::string path = folder + "/output-XXXXXX";
  UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC | O_APPEND));
  if (!fd.is_open()) return system_error("keep the program's output", path, errno);
  ::unlink(path.c_str());
  return fd;
}

// `run -o` gives % a meaning.
std::string escaped_pattern(const std::string& path) {
  std::string pattern;
  for (const char c : path) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern;
}

std::string failure_of(int status) {
  if (status > exit_status::kSignalBase && status < exit_status::kSignalBase + NSIG) {
    const int number = status - exit_status::kSignalBase;
    return fmt::format("exit {} (signal {}, {})", status, number, ::strsignal(number));
  }
  return fmt::format("exit {}", status);
}

// A process of which nothing was seen because its program has an allocator of its own would pass
// for one that needs no memory.
Result<void> check_seen(const model::Session& session, std::size_t number) {
  for (const model::Process& process : session.processes) {
    if (process.totals.allocations != 0) continue;
    const Result<procfs::OwnAllocator> own = procfs::find_own_allocator(process.exe);
    if (!own || !own->defines("malloc")) continue;  // gone since: cannot be told
    return Error{
        ErrorKind::damaged, "measure", fmt::format("run {}", number),
        fmt::format("{} brings {}: what it allocates is not seen", process.exe, own->description()),
        "build it without that allocator, or with the allocator as a shared library"};
  }
  return {};
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace

Result<GateRuns> GateRuns::create(GateRunOptions options) {
  GateRuns runs(std::move(options));
  std::error_code error;
  runs.self_ = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) {
    return Error{ErrorKind::system, "find memwatch itself", "/proc/self/exe", error.message(),
                 "is /proc mounted?"};
  }
  const char* const temporary = std::getenv("TMPDIR");
  std::string folder =
      std::string(temporary != nullptr && *temporary != '\0' ? temporary : "/tmp") +
      "/memwatch-gate-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    return system_error("make a folder for recordings", folder, errno);
  }
  runs.folder_ = std::move(folder);
  if (!runs.options_.sessions.empty()) {
    std::filesystem::create_directories(runs.options_.sessions, error);
    if (error) {
      return Error{
          ErrorKind::system, "keep the sessions", runs.options_.sessions, error.message(), {}};
    }
  }
  struct stat input {};
  if (::fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode)) {
    const off_t at = ::lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (at >= 0) runs.stdin_ = at;
  }
  return runs;
}

GateRuns::~GateRuns() {
  if (folder_.empty()) return;
  std::error_code ignored;  // what cannot be removed from a temporary folder harms nobody
  std::filesystem::remove_all(folder_, ignored);
}

void GateRuns::show_output_of(std::size_t number, int fd) const {
  if (fd < 0) return;
  const off_t size = ::lseek(fd, 0, SEEK_END);
  if (size <= 0) return;
  const off_t begin = std::max<off_t>(0, size - kMostOutput);
  print_error(begin == 0 ? fmt::format("gate: output of run {}:", number)
                         : fmt::format("gate: the end of the output of run {}:", number));
  std::array<char, 65536> buffer{};
  off_t at = begin;
  char last = '\n';
  while (true) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), at);
    if (got <= 0) break;
    at += got;
    last = buffer[static_cast<std::size_t>(got) - 1];
    if (::write(STDERR_FILENO, buffer.data(), static_cast<std::size_t>(got)) < 0) return;
  }
  if (last != '\n') [[maybe_unused]]
    const ssize_t written = ::write(STDERR_FILENO, "\n", 1);
}

Result<GateRun> GateRuns::run(std::size_t number, std::size_t of) {
  const bool keep = !options_.sessions.empty();
  const std::string path = fmt::format("{}/run-{}.mw", keep ? options_.sessions : folder_, number);
  ::unlink(path.c_str());  // of an earlier gate: must not be taken for this run's
  std::vector<std::string> arguments = {"memwatch",
                                        "run",
                                        "--quiet",
                                        "--strict",
                                        "--mode",
                                        "exact",
                                        "--on-full",
                                        "block",
                                        "--follow",
                                        "--leak-check",
                                        options_.leak_check,
                                        "-o",
                                        escaped_pattern(path)};
  if (options_.wait_all) arguments.emplace_back("--wait-all");
  for (const std::string& file : options_.suppression_files) {
    arguments.insert(arguments.end(), {"--suppressions", file});
  }
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), options_.command.begin(), options_.command.end());

  UniqueFd output;
  TargetStreams streams;
  if (options_.show_output) {
    streams.out = STDERR_FILENO;
  } else {
    Result<UniqueFd> file = temporary_file(folder_);
    if (!file) return file.error();
    output = *std::move(file);
    streams.out = streams.error = output.get();
  }
  UniqueFd empty;
  if (!stdin_ || ::lseek(STDIN_FILENO, *stdin_, SEEK_SET) < 0) {
    empty.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    streams.in = empty.get();
  }

  Result<TargetProcess> target =
      TargetProcess::start(self_, arguments, child_environment(), streams);
  if (!target) return target.error();
  ProgressLine progress("measuring, run");
  while (!target->has_ended()) {
    progress.update(number, of);
    ::usleep(kPollInterval);
  }
  const TargetEnd end = target->collect();
  progress.clear();

  GateRun result;
  result.status = WIFSIGNALED(end.wait_status)
                      ? exit_status::kSignalBase + WTERMSIG(end.wait_status)
                      : WEXITSTATUS(end.wait_status);
  if (result.status != 0) show_output_of(number, output.get());
  const bool recorded = exists(path);
  const bool not_started = !recorded && (result.status == exit_status::kCannotExecute ||
                                         result.status == exit_status::kNotFound);
  if (!recorded && !not_started) {
    if (result.status == 0) show_output_of(number, output.get());
    return Error{ErrorKind::system, "record", fmt::format("run {}", number),
                 fmt::format("memwatch run left no session ({})", failure_of(result.status)),
                 "memwatch run -- CMD tells more"};
  }
  if (result.status != 0) {
    result.failure = failure_of(result.status);
    return result;
  }
  Result<model::Session> session = load_session(path);
  if (!session) return session.error();
  if (const Result<void> seen = check_seen(*session, number); !seen) return seen.error();
  symbolize_stacks(*session, all_stacks(*session));
  result.session = *std::move(session);
  if (!keep) ::unlink(path.c_str());
  return result;
}

}  // namespace memwatch::cli
