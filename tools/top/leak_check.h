// `memwatch leaks PID` as a process beside ours, so that what it prints is what a person would get,
// and the view goes on meanwhile. One owner, not thread-safe. Errors: it cannot be started.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::top {

class LeakCheck {
 public:
  // start_ticks: when the process that is meant started (procfs::process_start_ticks); one that has
  // its pid by now is not checked. 0: not known, whoever has the pid is meant.
  static Result<LeakCheck> start(pid_t pid, std::uint64_t start_ticks, std::size_t width);
  LeakCheck(LeakCheck&& other) noexcept;
  LeakCheck& operator=(LeakCheck&& other) noexcept;
  ~LeakCheck();  // ends one that still runs

  [[nodiscard]] int descriptor() const { return output_.get(); }
  // Reads what there is; true once it has ended and everything was read.
  bool turn();

  [[nodiscard]] const std::string& text() const { return text_; }  // both of its outputs
  [[nodiscard]] int exit_status() const { return status_; }        // 128 + N: signal N

 private:
  LeakCheck(pid_t child, UniqueFd output) : child_(child), output_(std::move(output)) {}
  void end();

  pid_t child_ = 0;  // 0: it has ended
  UniqueFd output_;
  std::string text_;
  int status_ = 0;
};

}  // namespace memwatch::top
