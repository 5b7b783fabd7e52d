#include "tools/top/leak_check.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

namespace memwatch::top {

namespace {

constexpr std::size_t kMostText = std::size_t{4} << 20;

// Ours but for the width of lines.
std::vector<std::string> environment_with(std::size_t width) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("COLUMNS=")) all.emplace_back(*variable);
  }
  all.push_back("COLUMNS=" + std::to_string(width));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<LeakCheck> LeakCheck::start(pid_t pid, std::uint64_t start_ticks, std::size_t width) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return system_error("check for leaks", "a pipe", errno);
  }
  UniqueFd ours(ends[0]);
  const UniqueFd its(ends[1]);
  // It writes as any program does: only our end does not wait.
  fcntl(its.get(), F_SETFL, 0);
  std::vector<std::string> words = {"memwatch", "leaks", "--color", "never"};
  if (start_ticks != 0) words.push_back("--start-ticks=" + std::to_string(start_ticks));
  words.push_back(std::to_string(pid));
  std::vector<std::string> variables = environment_with(width);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, its.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, its.get(), STDERR_FILENO);
  // Signals that we read from a descriptor are blocked here, and are not to be in it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawn(&child, "/proc/self/exe", &files, &attributes,
                                pointers_to(words).data(), pointers_to(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return system_error("check for leaks", "memwatch leaks", error);
  return LeakCheck(child, std::move(ours));
}

LeakCheck::LeakCheck(LeakCheck&& other) noexcept
    : child_(std::exchange(other.child_, 0)),
      output_(std::move(other.output_)),
      text_(std::move(other.text_)),
      status_(other.status_) {}

LeakCheck& LeakCheck::operator=(LeakCheck&& other) noexcept {
  if (this == &other) return *this;
  end();
  child_ = std::exchange(other.child_, 0);
  output_ = std::move(other.output_);
  text_ = std::move(other.text_);
  status_ = other.status_;
  return *this;
}

LeakCheck::~LeakCheck() {
  end();
}

void LeakCheck::end() {
  if (child_ == 0) return;
  kill(child_, SIGTERM);
  kill(child_, SIGCONT);  // it may have been stopped together with us
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) continue;
  child_ = 0;
}

bool LeakCheck::turn() {
  if (child_ == 0) return true;
  while (true) {
    std::array<char, 4096> buffer{};
    const ssize_t got = read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) break;
    if (text_.size() < kMostText) text_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  output_.reset();
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) continue;
  child_ = 0;
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

}  // namespace memwatch::top
