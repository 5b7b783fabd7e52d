#include "tools/top/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "collector/base/unique_fd.h"

namespace memwatch::top {

namespace {

// xterm's private modes: 1049 the alternate screen, 25 the cursor, 7 wrapping at the right edge,
// where a line that we think fits must not become two.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

// Those that end a program that is wrong. A handler may read this: it is complete while `is_ours`.
struct Rescue {
  volatile sig_atomic_t is_ours = 0;
  int output = -1;
  termios found{};
};
Rescue rescue;

constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
std::array<struct sigaction, kFatal.size()> handled_before;

// Calls nothing but what a signal handler may. The signal comes again on return, to whoever had it.
void give_back_and_die(int number) {
  if (rescue.is_ours != 0) {
    rescue.is_ours = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.found);
    if (write(rescue.output, kLeave.data(), kLeave.size()) < 0) {
      // Nothing more can be done here.
    }
  }
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    if (kFatal[i] == number) sigaction(number, &handled_before[i], nullptr);
  }
  raise(number);
}

void watch_for_crashes() {
  static std::array<char, 32768> stack;  // the thread's own may be what has run out
  stack_t other{};
  other.ss_sp = stack.data();
  other.ss_size = stack.size();
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = give_back_and_die;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    sigaction(kFatal[i], &action, &handled_before[i]);
  }
}

// Without job control there is no background.
bool is_in_foreground() {
  const pid_t group = tcgetpgrp(STDIN_FILENO);
  return group < 0 || group == getpgrp();
}

// An open file of its own, so that it can be told not to block: the flags of standard output are
// the shell's as well. Where that is not allowed (another user's terminal) writing may block.
UniqueFd open_output() {
  char name[256];
  if (ttyname_r(STDOUT_FILENO, name, sizeof name) != 0) return {};
  return UniqueFd(::open(name, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

}  // namespace

struct Terminal::State {
  UniqueFd own;
  int output = STDOUT_FILENO;
  std::vector<std::string> shown;
  std::string pending;
};

Terminal::Terminal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Terminal::Terminal(Terminal&&) noexcept = default;

Terminal::~Terminal() {
  if (state_) leave();
}

Result<Terminal> Terminal::open() {
  constexpr const char* kRemedy = "--once prints one frame as text";
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (isatty(fd) == 1) continue;
    return Error{ErrorKind::usage, "top", fd == STDIN_FILENO ? "standard input" : "standard output",
                 "it is no terminal", kRemedy};
  }
  const char* const kind = std::getenv("TERM");
  const std::string term = kind == nullptr ? "" : kind;
  if (term.empty() || term == "dumb") {
    return Error{ErrorKind::usage, "top", term.empty() ? "a terminal without TERM" : "TERM=dumb",
                 "text cannot be placed on it", kRemedy};
  }
  auto state = std::make_unique<State>();
  state->own = open_output();
  if (state->own.is_open()) state->output = state->own.get();
  watch_for_crashes();
  return Terminal(std::move(state));
}

Size Terminal::size() const {
  winsize size{};
  Size result;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return result;
  // A serial line does not know its size.
  if (size.ws_col > 0) result.width = size.ws_col;
  if (size.ws_row > 0) result.height = size.ws_row;
  return result;
}

void Terminal::enter() {
  // Stops us, as it stops everybody who wants to use the terminal from the background; after that
  // the shell has given it to us. Where nobody could wake us it does nothing.
  if (!is_in_foreground()) raise(SIGTTOU);
  if (!is_in_foreground()) return;
  if (rescue.is_ours == 0) {
    if (tcgetattr(STDIN_FILENO, &rescue.found) != 0) return;
    rescue.output = state_->output;
    rescue.is_ours = 1;
  }
  termios raw = rescue.found;
  // Ctrl-C, Ctrl-Z and Ctrl-\ stay signals. Ctrl-S stays a key: a stopped terminal helps nobody.
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  state_->pending = kEnter;
  state_->shown.clear();
  flush();
}

void Terminal::leave() {
  if (rescue.is_ours == 0) return;
  rescue.is_ours = 0;
  // From the background the terminal is the shell's, and has been since we were stopped.
  if (!is_in_foreground()) return state_->pending.clear();
  tcsetattr(STDIN_FILENO, TCSANOW, &rescue.found);
  // A terminal that has no second screen shows what comes next in the last line.
  state_->pending += "\x1b[" + std::to_string(size().height) + ";1H\x1b[0m\x1b[K";
  state_->pending += kLeave;
  constexpr int kMostTries = 10, kWaitMs = 20;
  for (int i = 0; i < kMostTries && !is_flushed(); ++i) {
    flush();
    pollfd room{state_->output, POLLOUT, 0};
    if (!is_flushed()) poll(&room, 1, kWaitMs);
  }
  state_->pending.clear();
}

void Terminal::show(const std::vector<std::string>& lines) {
  if (!is_flushed() || rescue.is_ours == 0) return;
  std::string& out = state_->pending;
  std::vector<std::string>& shown = state_->shown;
  for (std::size_t i = 0; i < std::max(lines.size(), shown.size()); ++i) {
    const std::string line = i < lines.size() ? lines[i] : std::string();
    if (i < shown.size() && shown[i] == line) continue;
    out += "\x1b[" + std::to_string(i + 1) + ";1H" + line + "\x1b[K";
  }
  shown = lines;
  flush();
}

bool Terminal::is_flushed() const {
  return state_->pending.empty();
}

void Terminal::flush() {
  std::string& pending = state_->pending;
  while (!pending.empty()) {
    const ssize_t count = write(state_->output, pending.data(), pending.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) return pending.clear();  // gone: reading says so
    pending.erase(0, static_cast<std::size_t>(count));
  }
}

void Terminal::forget() {
  state_->shown.clear();
  if (rescue.is_ours != 0) state_->pending += "\x1b[0m\x1b[2J";
}

std::vector<pollfd> Terminal::waits_for() const {
  std::vector<pollfd> waits{{STDIN_FILENO, POLLIN, 0}};
  if (!is_flushed()) waits.push_back({state_->output, POLLOUT, 0});
  return waits;
}

bool Terminal::read_keys(std::string* bytes) {
  char buffer[256];
  const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
  if (got > 0) bytes->append(buffer, static_cast<std::size_t>(got));
  // Without VMIN an empty answer is no end; one is told as an error, or by poll.
  return got >= 0 || errno == EAGAIN || errno == EINTR;
}

}  // namespace memwatch::top
