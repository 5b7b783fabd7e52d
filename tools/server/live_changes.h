// What of the daemon's knowledge has changed enough to be told to those who listen: a process that
// comes, becomes another (exec, or recorded in another way), ends or is forgotten, and its figures
// where one has changed by more than 1 %, or a counter of failures, large allocations or losses at
// all.
//
//   process  all of /api/v1/processes/PID; of a forgotten one {"pid", "state": "forgotten"}
//   sample   {"pid", "time", "rss", "live_bytes", "external" (null: the heap is not followed),
//            "allocations", "allocated_bytes", "failed", "large", "dropped"}
//   alert    {"event": "active|raised|escalated|resolved", "alert": as in /api/v1/alerts}
//
// One owner, not thread-safe. Pure but for what it remembers.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/alerts/alert.h"
#include "collector/analysis/breakdown.h"
#include "collector/daemon/status.h"
#include "tools/server/live_stream.h"

namespace memwatch::server {

// Has a size changed by more than a hundredth of what it was?
bool has_changed(std::uint64_t before, std::uint64_t now);

// The sizes of which `breakdown` is told anew, by what they are for; they sum to `rss`.
using BreakdownParts = std::array<std::uint64_t, 10>;
BreakdownParts parts_of(const analysis::Breakdown& breakdown);

// Has one of them changed by more than a hundredth of `rss`, the whole as it is now?
bool has_changed(const BreakdownParts& before, const BreakdownParts& now, std::uint64_t rss);

LiveNews alert_news(std::string_view event, const alerts::Alert& alert);

class LiveChanges {
 public:
  // All processes and active alerts, for somebody who knows nothing yet.
  static std::vector<LiveNews> everything(const daemon::Status& status);
  // What is new since the last call.
  std::vector<LiveNews> update(const daemon::Status& status);

 private:
  using Key = std::pair<pid_t, std::uint64_t>;  // with the start: never repeats
  struct Figures {
    std::uint64_t rss = 0, live_bytes = 0, allocated_bytes = 0, allocations = 0;
    std::uint64_t failed = 0, large = 0, dropped = 0;
  };
  struct Identity {
    std::string name, exe;
    daemon::Source source = daemon::Source::recorded;
    model::Mode mode = model::Mode::sample;
    bool is_running = true;
    bool operator==(const Identity&) const = default;
  };
  struct Told {
    Identity identity;
    Figures figures;
  };
  static Told facts_of(const daemon::ProcessStatus& process);
  static bool is_news(const Figures& before, const Figures& now);

  std::map<Key, Told> told_;
};

}  // namespace memwatch::server
