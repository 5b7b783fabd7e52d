// A test alert under way: which channels it was given to and what each has said. On the daemon's
// thread alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tools/notify/channel.h"

namespace memwatch::server {

class AlertTest {
 public:
  using Clock = std::chrono::steady_clock;
  // Less than whoever asked waits for an answer.
  static constexpr std::chrono::seconds kLongest{40};

  struct Line {
    std::string channel;
    bool is_done = false, is_success = false;
    std::string text = "it has not answered yet";
  };

  AlertTest(std::vector<std::string> channels, std::function<void(const AlertTest&)> done)
      : done_(std::move(done)) {
    for (std::string& channel : channels) lines_.push_back({std::move(channel)});
  }

  void answered(const std::string& channel, bool is_success, const std::string& text) {
    for (Line& line : lines_) {
      if (line.channel == channel && !line.is_done) line = {channel, true, is_success, text};
    }
  }
  // True: everybody has answered, or it takes too long; then whoever asked has been told.
  bool finish() {
    const bool is_complete =
        std::all_of(lines_.begin(), lines_.end(), [](const Line& line) { return line.is_done; });
    if (!is_complete && Clock::now() < start_ + kLongest) return false;
    done_(*this);
    return true;
  }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }

 private:
  Clock::time_point start_ = Clock::now();
  std::vector<Line> lines_;
  std::function<void(const AlertTest&)> done_;
};

}  // namespace memwatch::server
