// Who uses the heap of each watched process, for the history: its largest sites each so often, when
// its heap has changed since, and once more when it ends. Processes that end before their first
// turn leave none: a build's thousand compilers would push out what is worth knowing.
//
// No name is looked up here. What names a site goes along until its owner says that it has one.
// One owner, not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collector/daemon/growth_rounds.h"
#include "collector/daemon/shown_sites.h"
#include "collector/daemon/watched_process.h"
#include "collector/history/consumer.h"

namespace memwatch::daemon {

// What a site can be named by.
struct SiteFrames {
  history::SiteId site = 0;
  std::string program;
  std::vector<recording::Alert::Frame> frames;  // the innermost
};

struct ConsumerNews {
  std::vector<history::ConsumerRound> rounds;
  std::vector<SiteFrames> sites;  // of the rounds, those without a name
};

class ConsumerRounds {
 public:
  using Clock = std::chrono::steady_clock;
  using Processes = std::map<pid_t, std::unique_ptr<WatchedProcess>>;
  static constexpr std::size_t kTop = 20;

  std::function<bool(history::SiteId)> is_named;  // none: no site is
  // The sites of each round of a process that runs, by their stacks in its recording.
  std::function<void(pid_t, std::span<const ShownSites::Seen>)> on_round;

  void look(const Processes& running, Clock::duration between, std::int64_t time_ms);
  void ended(const WatchedProcess& process);

  // All since the last time. `time_ms`: of those that have ended since.
  [[nodiscard]] ConsumerNews take(std::int64_t time_ms);

 private:
  // What changes with every allocation and every free.
  struct Mark {
    std::uint64_t live_bytes = 0, calls = 0, frees = 0;
    bool operator==(const Mark&) const = default;
  };
  static Mark mark_of(const WatchedProcess& process);
  void add(const WatchedProcess& process, std::int64_t time_ms);

  GrowthRounds turns_;
  std::map<pid_t, Mark> last_;  // of processes that have had a turn
  ConsumerNews news_;
};

}  // namespace memwatch::daemon
