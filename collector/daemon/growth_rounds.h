// Which process's growth is judged when. A judgement takes from a tenth of a millisecond to tens of
// them, so that there is a budget: each process every ten seconds, and all of them together no more
// than half a percent of the time. One owner.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>

namespace memwatch::daemon {

class GrowthRounds {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kBetween{10};
  static constexpr int kShare = 200;  // pauses are so many times as long as what they follow

  // Is it this process's turn? Then end() follows.
  [[nodiscard]] bool begin(pid_t pid, Clock::time_point now) {
    if (now < free_at_ || now < next_.try_emplace(pid, now).first->second) return false;
    began_ = Clock::now();
    return true;
  }
  void end(pid_t pid, Clock::time_point now) {
    free_at_ = now + (now - began_) * kShare;
    next_[pid] = now + kBetween;
  }
  template <typename Map>
  void forget_others(const Map& living) {
    if (next_.size() <= 2 * living.size() + 16) return;
    std::erase_if(next_, [&](const auto& entry) { return !living.contains(entry.first); });
  }

 private:
  Clock::time_point free_at_{}, began_{};
  std::map<pid_t, Clock::time_point> next_;
};

}  // namespace memwatch::daemon
