#include "tools/top/top.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <thread>
#include <utility>

#include "collector/base/unique_fd.h"
#include "tools/render/printable.h"
#include "tools/server/control_protocol.h"
#include "tools/top/daemon_link.h"
#include "tools/top/draw.h"
#include "tools/top/keys.h"
#include "tools/top/leak_check.h"
#include "tools/top/read_status.h"
#include "tools/top/terminal.h"

namespace memwatch::top {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// An escape byte that nothing follows for so long is the key.
constexpr std::chrono::milliseconds kEscapeTime = 50ms;

Result<daemon::Status> ask_for_status() {
  const Result<server::ControlAnswer> answer = server::ask_daemon({"status", "json"});
  if (!answer) return answer.error();
  return read_status(answer->text);
}

Result<UniqueFd> wait_for_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH}) {
    sigaddset(&wanted, number);
  }
  signal(SIGPIPE, SIG_IGN);
  if (sigprocmask(SIG_BLOCK, &wanted, nullptr) != 0) return system_error("top", "signals", errno);
  UniqueFd descriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor.is_open()) return system_error("top", "signals", errno);
  return descriptor;
}

void unblock(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

void block(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_BLOCK, &one, nullptr);
}

// What is wider (a complaint is one line) goes on below.
void add_lines(const std::string& text, std::size_t width, std::vector<std::string>* lines) {
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    std::string line = render::printable(std::string_view(text).substr(from, end - from));
    from = end + 1;
    while (width != 0 && render::display_width(line) > width) {
      const std::string_view fits = render::head_of_width(line, width);
      const std::size_t blank = fits.rfind(' ');
      const std::size_t cut = blank == std::string_view::npos || blank == 0 ? fits.size() : blank;
      if (cut == 0) break;
      lines->push_back(line.substr(0, cut));
      line.erase(0, cut + (line[cut] == ' ' ? 1 : 0));
    }
    lines->push_back(std::move(line));
  }
}

class Top {
 public:
  Top(const TopOptions& options, Terminal terminal, UniqueFd signals, daemon::Status status)
      : color_(options.color),
        terminal_(std::move(terminal)),
        signals_(std::move(signals)),
        link_(options.interval) {
    if (options.sort != screen_.table.sorted_by()) screen_.table.sort_by(options.sort);
    screen_.table.update(std::move(status));
  }

  // The signal that ends us, or 0.
  int run() {
    terminal_.enter();
    while (true) {
      if (needs_drawing_ && terminal_.is_flushed()) {
        terminal_.show(draw(screen_, terminal_.size(), color_));
        needs_drawing_ = false;
      }
      const bool has_terminal = wait();
      terminal_.flush();
      if (const auto number = take_signals()) return *number;
      if (!has_terminal || !take_keys()) return 0;
      needs_drawing_ = link_.turn(screen_) || needs_drawing_;
      turn_leak_check();
    }
  }

 private:
  // False: the terminal is gone.
  bool wait() {
    std::vector<pollfd> waiting = terminal_.waits_for();
    const std::size_t of_terminal = waiting.size();
    waiting.push_back({signals_.get(), POLLIN, 0});
    for (const pollfd& of_link : link_.waits_for()) waiting.push_back(of_link);
    if (leaks_) waiting.push_back({leaks_->descriptor(), POLLIN, 0});
    auto until = link_.next_turn();
    const auto now = Clock::now();
    if (keys_.is_undecided()) until = std::min(until, now + kEscapeTime);
    if (leaks_) until = std::min(until, now + 200ms);
    const auto distance = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    poll(waiting.data(), waiting.size(),
         static_cast<int>(std::clamp<long>(distance.count(), 0, 60'000)));
    return std::none_of(waiting.begin(), waiting.begin() + static_cast<long>(of_terminal),
                        [](const pollfd& one) { return (one.revents & (POLLHUP | POLLERR)) != 0; });
  }

  std::optional<int> take_signals() {
    signalfd_siginfo received{};
    while (read(signals_.get(), &received, sizeof received) ==
           static_cast<ssize_t>(sizeof received)) {
      switch (const int number = static_cast<int>(received.ssi_signo)) {
        case SIGTSTP:
          stop();
          break;
        case SIGCONT:  // after a stop that nobody can see coming
        case SIGWINCH:
          if (number == SIGCONT) terminal_.enter();
          terminal_.forget();
          needs_drawing_ = true;
          break;
        default:
          return number;
      }
    }
    return std::nullopt;
  }

  // As a program does that leaves SIGTSTP alone, with the terminal as the shell wants it.
  void stop() {
    terminal_.leave();
    unblock(SIGTSTP);
    raise(SIGTSTP);
    block(SIGTSTP);
    terminal_.enter();
    terminal_.forget();
    needs_drawing_ = true;
  }

  // False: we are to end.
  bool take_keys() {
    std::string bytes;
    if (!terminal_.read_keys(&bytes)) return false;
    if (!bytes.empty()) {
      keys_.feed(bytes);
      last_byte_ = Clock::now();
    }
    while (const auto key = keys_.next()) {
      if (!press(*key)) return false;
    }
    if (keys_.is_undecided() && Clock::now() - last_byte_ >= kEscapeTime) {
      if (const auto key = keys_.settle()) return press(*key);
    }
    return true;
  }

  bool press(const KeyPress& press) {
    needs_drawing_ = true;
    switch (press.key) {
      case Key::escape:
        back();
        return true;
      case Key::enter:
        if (screen_.view == View::processes && !screen_.has_help) show_sites();
        return true;
      case Key::up:
        move(-1);
        return true;
      case Key::down:
        move(1);
        return true;
      case Key::page_up:
        move(-page());
        return true;
      case Key::page_down:
        move(page());
        return true;
      case Key::home:
        move(-kFar);
        return true;
      case Key::end:
        move(kFar);
        return true;
      case Key::letter:
        return press_letter(press.letter);
    }
    return true;
  }

  bool press_letter(char letter) {
    switch (letter) {
      case 'q':
        return false;
      case '?':
        screen_.has_help = !screen_.has_help;
        return true;
      case 'j':
        move(1);
        return true;
      case 'k':
        move(-1);
        return true;
      case 'l':
        check_leaks();
        return true;
      default:
        break;
    }
    if (screen_.view != View::processes || screen_.has_help) return true;
    constexpr std::pair<char, SortKey> kKeys[] = {{'h', SortKey::heap},
                                                  {'r', SortKey::rss},
                                                  {'a', SortKey::rate},
                                                  {'p', SortKey::pid},
                                                  {'n', SortKey::name}};
    for (const auto& [name, key] : kKeys) {
      if (letter == name) screen_.table.sort_by(key);
    }
    return true;
  }

  void back() {
    if (std::exchange(screen_.has_help, false)) return;
    if (screen_.view == View::leaks) leaks_.reset();  // ends one that still runs
    // From a leak check of a process whose sites were looked at, back to those.
    const bool to_sites = screen_.view == View::leaks && screen_.sites.pid != 0;
    screen_.view = to_sites ? View::sites : View::processes;
    if (!to_sites) screen_.sites = SitesView{};
  }

  // Page up and page down: what is in sight, but for one row that stays.
  [[nodiscard]] long page() const {
    return std::max(1L, static_cast<long>(rows_in_sight(screen_, terminal_.size())) - 1);
  }

  void move(long rows) {
    if (screen_.has_help) return;
    const auto moved = [rows](std::size_t from, std::size_t last) {
      const long wanted = static_cast<long>(from) + rows;
      return static_cast<std::size_t>(std::clamp(wanted, 0L, static_cast<long>(last)));
    };
    if (screen_.view == View::processes) screen_.table.move(rows);
    if (screen_.view == View::sites && screen_.sites.sites && !screen_.sites.sites->all.empty()) {
      screen_.sites.chosen = moved(screen_.sites.chosen, screen_.sites.sites->all.size() - 1);
    }
    if (screen_.view == View::leaks) {
      const std::size_t room = lines_of_leaks(terminal_.size());
      const std::size_t all = screen_.leaks.lines.size();
      screen_.leaks.first = moved(screen_.leaks.first, all > room ? all - room : 0);
    }
  }

  void show_sites() {
    const Row* const row = screen_.table.chosen_row();
    if (row == nullptr) return;
    screen_.sites = SitesView{};
    screen_.sites.pid = row->process.pid;
    screen_.sites.start_ticks = row->process.start_ticks;
    screen_.sites.name = row->process.name;
    screen_.view = View::sites;
    link_.ask_for_sites();
  }

  void check_leaks() {
    if (screen_.has_help || leaks_) return;
    LeaksView view;
    if (screen_.view == View::leaks) {
      view.pid = screen_.leaks.pid;
      view.start_ticks = screen_.leaks.start_ticks;
      view.name = screen_.leaks.name;
    } else if (screen_.view == View::sites) {
      view.pid = screen_.sites.pid;
      view.start_ticks = screen_.sites.start_ticks;
      view.name = screen_.sites.name;
    } else if (const Row* const row = screen_.table.chosen_row()) {
      view.pid = row->process.pid;
      view.start_ticks = row->process.start_ticks;
      view.name = row->process.name;
    } else {
      return;
    }
    view.knows_all =
        std::any_of(screen_.table.rows().begin(), screen_.table.rows().end(), [&](const Row& row) {
          return row.process.pid == view.pid && row.process.source == daemon::Source::recorded &&
                 row.process.mode == model::Mode::exact && !row.process.was_joined;
        });
    view.is_watched =
        std::any_of(screen_.table.rows().begin(), screen_.table.rows().end(), [&](const Row& row) {
          return row.process.pid == view.pid && row.process.source == daemon::Source::recorded &&
                 row.process.mode != model::Mode::exact;
        });
    view.is_running = true;
    Result<LeakCheck> started =
        LeakCheck::start(view.pid, view.start_ticks, terminal_.size().width);
    if (started) {
      leaks_.emplace(*std::move(started));
      leaks_since_ = Clock::now();
    } else {
      view.is_running = false;
      view.status = 3;
      add_lines(started.error().to_line(), terminal_.size().width, &view.lines);
    }
    screen_.leaks = std::move(view);
    screen_.view = View::leaks;
  }

  void turn_leak_check() {
    if (!leaks_) return;
    needs_drawing_ = true;
    screen_.leaks.seconds = std::chrono::duration<double>(Clock::now() - leaks_since_).count();
    if (!leaks_->turn()) return;
    screen_.leaks.is_running = false;
    screen_.leaks.status = leaks_->exit_status();
    add_lines(leaks_->text(), terminal_.size().width, &screen_.leaks.lines);
    leaks_.reset();
  }

  static constexpr long kFar = 1L << 40;

  bool color_;
  Terminal terminal_;
  UniqueFd signals_;
  DaemonLink link_;
  Screen screen_;
  KeyReader keys_;
  Clock::time_point last_byte_, leaks_since_;
  std::optional<LeakCheck> leaks_;
  bool needs_drawing_ = true;
};

}  // namespace

Result<int> run_top(const TopOptions& options) {
  Result<Terminal> terminal = Terminal::open();
  if (!terminal) return terminal.error();
  Result<daemon::Status> status = ask_for_status();
  if (!status) return status.error();
  Result<UniqueFd> signals = wait_for_signals();
  if (!signals) return signals.error();
  int number = 0;
  {
    Top top(options, *std::move(terminal), *std::move(signals), *std::move(status));
    number = top.run();
  }  // gives the terminal back
  if (number != 0) {
    signal(number, SIG_DFL);
    raise(number);
    unblock(number);
  }
  return number;
}

Result<std::string> top_once(const TopOptions& options, std::size_t width) {
  Screen screen;
  if (options.sort != screen.table.sorted_by()) screen.table.sort_by(options.sort);
  for (const bool is_first : {true, false}) {
    Result<daemon::Status> status = ask_for_status();
    if (!status) return status.error();
    screen.table.update(*std::move(status));
    if (is_first) std::this_thread::sleep_for(options.interval);
  }
  return draw_once(screen, width, options.color);
}

}  // namespace memwatch::top
