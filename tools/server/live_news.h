// Once a second, and only while somebody listens: tells what has changed, and explains the resident
// memory of one process after another (a look at page tables, so never of all at once, no more
// often than costs a twentieth of a processor, and not of those whose many blocks would have to be
// copied). Alerts are told at once. Whoever has just come is told everything first. Driven by the
// daemon's thread, but for what it has its sources do elsewhere.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/alerts/engine.h"
#include "collector/analysis/breakdown.h"
#include "collector/base/result.h"
#include "collector/daemon/fleet.h"
#include "collector/daemon/status.h"
#include "tools/server/live_changes.h"
#include "tools/server/live_stream.h"

namespace memwatch::server {

class LiveNewsDesk {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kBetweenLooks{1000};
  static constexpr std::uint64_t kMostBlocks = 100'000;
  static constexpr int kRestPerLook = 20;  // times as long as a look at memory took

  // Where news come from. `work` and `post`: off the daemon's thread (false: not now), and back to
  // it. Jobs may outlive the desk.
  struct Sources {
    std::function<daemon::Status()> status;
    std::function<Result<daemon::Fleet::MemoryOfProcess>(pid_t)> memory;
    std::function<bool(std::function<void()>)> work;
    std::function<void(std::function<void()>)> post;
  };

  explicit LiveNewsDesk(Sources sources) : sources_(std::move(sources)) {}
  ~LiveNewsDesk() { *self_ = nullptr; }
  LiveNewsDesk(const LiveNewsDesk&) = delete;
  LiveNewsDesk& operator=(const LiveNewsDesk&) = delete;

  [[nodiscard]] LiveStream& stream() { return *stream_; }

  // Call every now and then; does nothing while nobody listens.
  void turn();
  // It was raised, got worse, or is over.
  void tell(const alerts::Notice& notice);
  // `at_most`, or less where somebody listens and is to be told something earlier.
  [[nodiscard]] std::chrono::milliseconds until_next(std::chrono::milliseconds at_most) const;

 private:
  struct Explained {
    std::string text;
    std::optional<analysis::Breakdown> breakdown;  // none: it could not be had
    Clock::duration took{};
  };

  void explain_next(const daemon::Status& status);
  void explained(pid_t pid, const Explained& explained);
  void tell_breakdown(pid_t pid, const std::string& text, const analysis::Breakdown& breakdown);

  Sources sources_;
  std::unique_ptr<LiveStream> stream_ = std::make_unique<LiveStream>();
  LiveChanges changes_;
  Clock::time_point next_ = Clock::now(), next_explanation_ = next_;
  bool is_explaining_ = false;
  pid_t last_explained_ = 0;
  std::map<pid_t, std::pair<BreakdownParts, std::string>> told_;                 // parts, object
  std::shared_ptr<LiveNewsDesk*> self_ = std::make_shared<LiveNewsDesk*>(this);  // for late calls
};

}  // namespace memwatch::server
