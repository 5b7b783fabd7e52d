// The last large allocations and failures of all processes, and how many there were. Ages are kept
// by the steady clock, so that setting the wall clock moves nothing. One owner, not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

#include "collector/daemon/status.h"

namespace memwatch::daemon {

class EventLog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxEvents = 200;

  // Id and age of the event are filled in here. One that was restored is not told again.
  void add(Event event, Clock::time_point at);
  // What an earlier daemon told of, oldest first: goes before everything else, and is not counted.
  // One that the process has remembered and told again meanwhile is left out.
  struct Earlier {
    Event event;
    Clock::time_point at;
  };
  void restore(std::vector<Earlier> events);
  [[nodiscard]] std::vector<Event> latest_first(Clock::time_point now) const;
  [[nodiscard]] std::uint64_t seen() const { return seen_; }

 private:
  struct Dated {
    Event event;
    Clock::time_point at;
    bool is_restored = false;
  };
  std::deque<Dated> events_;
  std::uint64_t seen_ = 0;
  std::uint64_t last_id_ = kMaxEvents;  // what is restored has lower ones
};

}  // namespace memwatch::daemon
