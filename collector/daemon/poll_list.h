// Watched processes without the library: found by name in /proc from time to time, resident memory
// alone. Internal to the fleet; not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "collector/daemon/program_names.h"
#include "collector/daemon/status.h"
#include "collector/daemon/watch_list.h"
#include "collector/history/sample.h"

namespace memwatch::daemon {

class PollList {
 public:
  using Clock = std::chrono::steady_clock;

  // Looks at all processes of this user (of everybody for root) but those that are `known` to the
  // fleet. With an empty watch list there is nothing to look for.
  void poll(const WatchList& watch_list, const std::set<pid_t>& known, Clock::time_point now);
  void forget(pid_t pid) { processes_.erase(pid); }

  // Of those that were looked at since the last call.
  void add_samples(std::int64_t time_ms, std::vector<history::ProcessSample>& samples);

  // Was it looked since the last call?
  [[nodiscard]] bool take_news_for_alerts() { return std::exchange(has_news_for_alerts_, false); }

  [[nodiscard]] std::vector<ProcessStatus> describe(Clock::time_point now) const;

 private:
  struct Polled {
    ProcessStatus status;
    std::string file;  // that it runs: another one is another program
    Clock::time_point since;
  };
  std::map<pid_t, Polled> processes_;
  bool has_news_ = false, has_news_for_alerts_ = false;
};

}  // namespace memwatch::daemon
