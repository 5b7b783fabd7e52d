// Which process's growth is judged when, and when its consumers are looked at. Either takes from a
// tenth of a millisecond to tens of them, so that there is a budget: each process every ten seconds
// (or what the owner says), and all of them together no more than half a percent of the time. Who
// has waited longest comes first, so that of a thousand each has its turn, if less often. One
// owner.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

namespace memwatch::daemon {

class GrowthRounds {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kBetween{10};
  static constexpr int kShare = 200;  // of the time, one part
  static constexpr Clock::duration kMostSaved = std::chrono::milliseconds(20);

  explicit GrowthRounds(Clock::time_point start = Clock::now()) : filled_(start) {}

  void set_between(Clock::duration between) { between_ = between; }

  // Of the living (a map by pid) those whose turn it is, in their order.
  template <typename Map>
  [[nodiscard]] std::vector<pid_t> due(const Map& living, Clock::time_point now) {
    std::erase_if(next_, [&](const auto& entry) { return !living.contains(entry.first); });
    std::vector<std::pair<Clock::time_point, pid_t>> order;
    for (const auto& [pid, process] : living) {
      const Clock::time_point next = next_.try_emplace(pid, now).first->second;
      if (next <= now) order.emplace_back(next, pid);
    }
    std::sort(order.begin(), order.end());
    std::vector<pid_t> pids;
    for (const auto& [next, pid] : order) pids.push_back(pid);
    return pids;
  }
  // Is there time for one more? Then judged() follows.
  [[nodiscard]] bool has_time(Clock::time_point now) {
    saved_ = std::min<Clock::duration>(saved_ + (now - filled_) / kShare, kMostSaved);
    filled_ = now;
    return saved_ > Clock::duration(0);
  }
  void judged(pid_t pid, Clock::time_point began, Clock::time_point ended) {
    saved_ -= ended - began;
    next_[pid] = ended + between_;
  }

 private:
  std::map<pid_t, Clock::time_point> next_;
  Clock::time_point filled_;
  Clock::duration between_ = kBetween;
  Clock::duration saved_ = kMostSaved;
};

}  // namespace memwatch::daemon
