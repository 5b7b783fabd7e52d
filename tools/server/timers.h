// What is to be done later on the daemon's own thread; at most kMost at a time. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>

namespace memwatch::server {

class Timers {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMost = 32;

  // False: too many wait already.
  bool add(std::chrono::milliseconds in, std::function<void()> call) {
    if (waiting_.size() >= kMost) return false;
    waiting_.emplace(Clock::now() + in, std::move(call));
    return true;
  }

  // `at_most`, or less where something is due earlier.
  [[nodiscard]] std::chrono::milliseconds until_next(std::chrono::milliseconds at_most) const {
    if (waiting_.empty()) return at_most;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(waiting_.begin()->first - Clock::now());
    return std::clamp(left, std::chrono::milliseconds(0), at_most);
  }

  void run_due() {
    while (!waiting_.empty() && waiting_.begin()->first <= Clock::now()) {
      const std::function<void()> call = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      call();
    }
  }

 private:
  std::multimap<Clock::time_point, std::function<void()>> waiting_;
};

}  // namespace memwatch::server
