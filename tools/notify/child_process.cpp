#include "tools/notify/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collector/base/unique_fd.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared

namespace memwatch::notify {

namespace {

using Clock = std::chrono::steady_clock;
using End = ChildOutcome::End;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{500};  // between asking and forcing it to end

// Both ends are the daemon's to close in other children; ours does not block.
bool make_pipe(UniqueFd* read_end, UniqueFd* write_end, bool our_end_reads) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end->reset(ends[0]);
  write_end->reset(ends[1]);
  return fcntl(our_end_reads ? ends[0] : ends[1], F_SETFL, O_NONBLOCK) == 0;
}

class Child {
 public:
  explicit Child(const ChildRequest& request) : request_(request) {}

  ChildOutcome run() {
    const int error = start();
    if (error != 0) {
      outcome_.why = std::strerror(error);
      return outcome_;
    }
    const auto end = Clock::now() + request_.timeout;
    while (!has_ended_) {
      const auto now = Clock::now();
      if (now >= end) {
        put_an_end(End::timed_out);
        break;
      }
      if (!wait(std::chrono::ceil<milliseconds>(end - now))) {
        put_an_end(End::stopped);
        break;
      }
    }
    read_output();  // what it has said; who holds the pipe open behind it is not waited for
    return std::move(outcome_);
  }

 private:
  int start() {
    UniqueFd child_input, child_output;
    if (!make_pipe(&child_input, &input_, false) || !make_pipe(&output_, &child_output, true)) {
      return errno;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, child_input.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child_output.get(), STDOUT_FILENO);
    if (request_.with_errors) {
      posix_spawn_file_actions_adddup2(&actions, child_output.get(), STDERR_FILENO);
    } else {
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    // Not everything that the daemon's libraries open closes itself at exec.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::vector<char*> argv;
    for (const std::string& word : request_.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const int error = posix_spawn(&pid_, argv.front(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) end_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    return error;
  }

  // Until something happens; false: the caller wants no more.
  bool wait(milliseconds longest) {
    // Without a descriptor for its end (an old kernel) it is looked for now and then.
    constexpr milliseconds kLook{20};
    if (!end_.is_open()) longest = std::min(longest, kLook);
    std::array<pollfd, 4> waiting = {
        pollfd{end_.get(), POLLIN, 0}, pollfd{output_.get(), POLLIN, 0},
        pollfd{input_.get(), POLLOUT, 0}, pollfd{request_.stop, POLLIN, 0}};
    poll(waiting.data(), waiting.size(),
         static_cast<int>(std::min<std::int64_t>(longest.count(), 60'000)));
    if (waiting[1].revents != 0) read_output();
    if (waiting[2].revents != 0) write_input();
    collect(WNOHANG);
    return has_ended_ || waiting[3].revents == 0;
  }

  void read_output() {
    char buffer[4096];
    while (output_.is_open()) {
      const ssize_t count = read(output_.get(), buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return;
      if (count == 0) return output_.reset();
      const std::size_t room = request_.max_output - outcome_.output.size();
      outcome_.output.append(buffer, std::min(room, static_cast<std::size_t>(count)));
    }
  }

  void write_input() {
    while (written_ < request_.input.size()) {
      const ssize_t count =
          write(input_.get(), request_.input.data() + written_, request_.input.size() - written_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) break;  // it does not want to know
      written_ += static_cast<std::size_t>(count);
    }
    input_.reset();
  }

  void collect(int options) {
    int status = 0;
    const pid_t got = waitpid(pid_, &status, options);
    if (got == 0 || (got < 0 && errno == EINTR)) return;
    has_ended_ = true;
    if (got > 0 && outcome_.end == End::not_started) {
      outcome_.end = WIFEXITED(status) ? End::exited : End::signaled;
      outcome_.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    }
  }

  // It, and whoever it has started in its group.
  void put_an_end(End how) {
    outcome_.end = how;
    kill(-pid_, SIGTERM);
    const auto patience = Clock::now() + kGrace;
    while (!has_ended_ && Clock::now() < patience) {
      pollfd ended{end_.get(), POLLIN, 0};
      poll(&ended, 1, 20);
      collect(WNOHANG);
    }
    kill(-pid_, SIGKILL);
    while (!has_ended_) collect(0);
  }

  const ChildRequest& request_;
  ChildOutcome outcome_;
  UniqueFd input_, output_, end_;
  pid_t pid_ = 0;
  std::size_t written_ = 0;
  bool has_ended_ = false;
};

}  // namespace

std::string ChildOutcome::describe(milliseconds timeout) const {
  switch (end) {
    case End::exited:
      return fmt::format("exit status {}", status);
    case End::signaled:
      return fmt::format("killed by signal {}", status);
    case End::timed_out:
      return fmt::format("it took longer than {:g} s, and was ended",
                         std::chrono::duration<double>(timeout).count());
    case End::stopped:
      return "it was not waited for";
    case End::not_started:
      return "it could not be started: " + why;
  }
  return why;
}

ChildOutcome run_child(const ChildRequest& request) {
  return Child(request).run();
}

}  // namespace memwatch::notify
