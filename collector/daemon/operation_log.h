// What processes do with large blocks, and what fails, on its way to the history: taken once a
// second. A program that does nothing else is told with its first ones, and the number of the rest.
// One owner, not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "collector/history/operation.h"
#include "collector/recording/recorder.h"

namespace memwatch::daemon {

class OperationLog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMost = 200;  // between two takings

  void add(const history::ProcessKey& process, const recording::Alert& alert,
           history::OperationKind kind, Clock::time_point at);
  [[nodiscard]] std::vector<history::Operation> take();

 private:
  std::vector<history::Operation> operations_;
};

}  // namespace memwatch::daemon
