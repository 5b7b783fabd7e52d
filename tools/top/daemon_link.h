// What the view asks the daemon, without waiting for it: its status once in every interval, and the
// sites of one process while they are looked at. One owner, not thread-safe. Trouble is a sentence
// in the screen, never an error: the daemon may come back.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <vector>

#include "tools/server/control_question.h"
#include "tools/top/screen.h"

namespace memwatch::top {

class DaemonLink {
 public:
  using Clock = std::chrono::steady_clock;

  explicit DaemonLink(std::chrono::milliseconds interval) : interval_(interval) {}

  // Asks what is due and hears what has come; true where the screen has changed.
  bool turn(Screen& screen);
  [[nodiscard]] std::vector<pollfd> waits_for() const;
  [[nodiscard]] Clock::time_point next_turn() const;

  // Of another process, or anew: forgets what was asked.
  void ask_for_sites();

 private:
  // One kind of question: asked when it is due, not again before it is answered.
  struct Asking {
    std::optional<server::ControlQuestion> question;
    Clock::time_point asked, due;
    std::optional<Clock::time_point> silent_since;  // asked, and nothing was heard since
  };
  // Empty optional: nothing new. An error is one of asking, or what the daemon says is wrong.
  std::optional<Result<std::string>> turn(Asking& asking, const std::vector<std::string>& words);
  bool turn_status(Screen& screen);
  bool turn_sites(Screen& screen);

  std::chrono::milliseconds interval_;
  Asking status_, sites_;
  bool are_sites_shown_ = false;  // nothing is asked or waited for where they are not
};

}  // namespace memwatch::top
