// Alerts of the daemon, from what the fleet sees to those who are told: the engine is asked once a
// second and at each event, the site is found (by another process, so an alert may be told a moment
// later than it is active), sentences are made, and the alert goes into the history, to the console
// and to the channels. What was active when the last daemon ended goes on, or is resolved if its
// process is gone.
// On the daemon's thread alone; it never waits: what does has threads of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector/alerts/alert_status.h"
#include "collector/alerts/engine.h"
#include "collector/daemon/fleet.h"
#include "collector/history/history.h"
#include "tools/notify/dispatcher.h"
#include "tools/notify/locator.h"
#include "tools/server/alert_test.h"
#include "tools/server/main_thread_calls.h"

namespace memwatch::server {

class AlertDesk {
 public:
  // The fleet, the history and the calls outlive it.
  struct Parts {
    daemon::Fleet& fleet;
    MainThreadCalls& calls;
    std::function<history::History&()> history;
    std::string state_directory, url_of_alerts;
    std::function<void(const std::string&)> warn, say;  // trouble; the console
    std::function<void(const alerts::Notice&)> told;    // to whoever listens
  };
  explicit AlertDesk(Parts parts);
  ~AlertDesk();
  AlertDesk(const AlertDesk&) = delete;
  AlertDesk& operator=(const AlertDesk&) = delete;

  void configure(const daemon::AlertSettings& settings);
  void start();  // asks the history for what was before; the history is there by then
  void look();   // once a second, after the fleet's samples were taken
  void turn();   // after each turn of the fleet: what happened is told at once

  Result<void> resolve(std::uint64_t id);
  [[nodiscard]] alerts::AlertStatus status();
  using Found = std::function<void(Result<std::vector<alerts::Alert>>)>;
  void find(const history::AlertQuestion& question, Found found);
  // Answers with a line for each channel.
  void test(alerts::Type type, std::function<void(const AlertTest&)> done);

 private:
  using Clock = std::chrono::steady_clock;
  struct Happened {
    alerts::Incident incident;
    alerts::Rules rules;
    std::vector<recording::Alert::Frame> frames;
  };

  void restore(const std::vector<history::KeptAlert>& kept);
  void begin(std::uint64_t next_id, const std::vector<history::KeptAlert>& kept);
  void happened(const Happened& event);
  void hand_out(const std::vector<recording::Alert::Frame>& frames);
  void announce(alerts::Notice notice, std::vector<recording::Alert::Frame> frames);
  void located(std::uint64_t id, alerts::Site site);
  void tell(alerts::Notice notice);
  void save_counts();

  Parts parts_;
  alerts::Engine engine_;
  daemon::AlertSettings settings_;
  notify::Dispatcher dispatcher_;
  bool is_ready_ = false;        // what was before is known
  std::vector<Happened> early_;  // until then
  // Notices of alerts whose site is being looked for, in their order.
  std::map<std::uint64_t, std::vector<alerts::Notice>> unplaced_;
  std::map<std::uint64_t, std::uint64_t> saved_counts_;  // what the history has of `suppressed`
  Clock::time_point next_save_{};
  std::uint64_t said_ = 0;  // lines on the console, since the start
  std::vector<std::shared_ptr<AlertTest>> tests_;
  notify::Locator locator_;  // goes first: its thread makes calls
  std::shared_ptr<AlertDesk*> self_ = std::make_shared<AlertDesk*>(this);  // for late calls
};

}  // namespace memwatch::server
