// A line on stderr that tells how far long work is: only on a terminal, only after a second, and
// gone when the work is done. Elsewhere it does nothing. Thread safety: none, one thread updates
// it. Errors: none.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace memwatch::cli {

class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  // label: "reading symbols". fd: where the line goes if it is a terminal.
  explicit ProgressLine(std::string label, int fd = 2);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  // Cheap enough to call for every item. total 0: not known.
  void update(std::size_t done, std::size_t total);
  void clear();

 private:
  std::string label_;
  int fd_;
  bool enabled_;
  bool visible_ = false;
  Clock::time_point start_, last_;
};

// "reading symbols: 1,200 of 4,800, about 3 s left": the text without control characters.
std::string progress_text(const std::string& label, std::size_t done, std::size_t total,
                          double elapsed_seconds);

}  // namespace memwatch::cli
