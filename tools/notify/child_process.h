// A program run to its end: words, an input, a time limit; its output, as far as wanted. Without a
// shell. It gets no descriptor but its standard ones, ordinary signals, and a process group of its
// own, which ends with it when the time is over or the caller does not want to wait any longer.
// Blocks; any thread but the daemon's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace memwatch::notify {

struct ChildRequest {
  std::vector<std::string> argv;  // the first is a path
  std::string input;
  std::chrono::milliseconds timeout{10'000};
  int stop = -1;  // a descriptor: readable when the wait is to end
  std::size_t max_output = 64U << 10;
  bool with_errors = false;  // its standard error is output too; else it goes nowhere
};

struct ChildOutcome {
  enum class End { exited, signaled, timed_out, stopped, not_started } end = End::not_started;
  int status = 0;      // exit status, or the signal
  std::string output;  // the first max_output bytes
  std::string why;     // of one that was not started

  [[nodiscard]] bool is_success() const { return end == End::exited && status == 0; }
  // "exit status 3", "killed by signal 11", "it took longer than 10 s" …
  [[nodiscard]] std::string describe(std::chrono::milliseconds timeout) const;
};

ChildOutcome run_child(const ChildRequest& request);

}  // namespace memwatch::notify
