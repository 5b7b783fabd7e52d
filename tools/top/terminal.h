// The terminal as a place to draw: alternate screen, no echo, keys as they are pressed. Whatever
// way the program ends, but by SIGKILL, it is left as it was found: leave() and the destructor for
// the ways that are planned, a handler of SIGSEGV and its like for the others. Nothing here waits
// for the terminal: what it does not take stays for flush().
//
// One at a time, on the main thread. Errors: usage where there is no terminal to draw on.
#pragma once

#include <poll.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::top {

struct Size {
  std::size_t width = 80, height = 24;
  bool operator==(const Size&) const = default;
};

class Terminal {
 public:
  // Of standard input and output. Changes nothing yet.
  static Result<Terminal> open();
  Terminal(Terminal&&) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  [[nodiscard]] Size size() const;

  // Takes the terminal over; again after the process was stopped, when the shell has had it.
  void enter();
  // Gives it back, as far as it is ours to give: not from the background.
  void leave();

  // Draws these lines, from the top; each at most as wide as the terminal, with the escapes of
  // render::Painter alone. Writes only what differs from before. A frame that comes while an
  // earlier one is still on its way is left out: call again when flush() is done.
  void show(const std::vector<std::string>& lines);
  [[nodiscard]] bool is_flushed() const;
  void flush();
  // Everything is drawn anew next time.
  void forget();

  // What to wait for: keys, and room for what has not been written yet.
  [[nodiscard]] std::vector<pollfd> waits_for() const;
  // What was typed. False: the terminal is gone.
  bool read_keys(std::string* bytes);

 private:
  struct State;
  explicit Terminal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::top
