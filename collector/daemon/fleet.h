// All processes that the daemon watches, each recorded in a session of its own. Finds those that
// carry the library by their segments' names, twice a second, and by their introduction, which
// children of recorded processes make; those without it by their names in /proc. A process that has
// ended is kept for a while and then forgotten with all that was recorded, so that memory follows
// the processes that live.
//
// Driven by its owner: fill in what to wait for, wait no longer than until_next_turn(), take a
// turn. One owner, not thread-safe; starts the pulse's thread alone.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/analysis/breakdown.h"
#include "collector/base/result.h"
#include "collector/daemon/alert_round.h"
#include "collector/daemon/config.h"
#include "collector/daemon/consumer_rounds.h"
#include "collector/daemon/event_log.h"
#include "collector/daemon/measures.h"
#include "collector/daemon/status.h"
#include "collector/daemon/watch_list.h"
#include "collector/history/operation.h"
#include "collector/history/sample.h"
#include "collector/model/session.h"
#include "collector/recording/leak_question.h"

namespace memwatch::daemon {

class Fleet {
 public:
  static constexpr std::chrono::milliseconds kBetweenScans{500};
  static constexpr std::size_t kMaxEnded = 50;  // kept in all, the latest

  // Error: no socket at which processes can introduce themselves.
  static Result<std::unique_ptr<Fleet>> create(Config config, WatchList watch_list);
  ~Fleet();  // lets go of all processes, which run on
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Sentences for the log: a process that cannot be recorded (warnings), or comes and goes.
  std::function<void(const std::string&)> on_warning;
  std::function<void(const std::string&)> on_notice;

  // What must hold from now on. Processes that are no longer watched are let go; those whose
  // settings have changed are recorded anew.
  void reconfigure(Config config);
  Result<void> watch(const std::string& name);
  Result<void> unwatch(const std::string& name);
  [[nodiscard]] const WatchList& watch_list() const;

  void add_descriptors(std::vector<pollfd>& waiting) const;
  [[nodiscard]] std::chrono::milliseconds until_next_turn() const;
  void turn();

  // A moment of each process that runs, for the history; of those without the library when they
  // have been looked at since the last time.
  std::vector<history::ProcessSample> samples(std::int64_t time_ms);

  // What else the history keeps: consumers whose turn it is (of sites that `is_named` denies with
  // what they can be named by), and what was done with large blocks since the last time.
  ConsumerNews consumers(std::int64_t time_ms,
                         const std::function<bool(history::SiteId)>& is_named);
  std::vector<history::Operation> take_operations();
  // Events that an earlier daemon told of, oldest first.
  void restore(std::vector<EventLog::Earlier> events);

  // One process, copied for those who look at it on another thread. Errors of kind not_found: it is
  // not watched, has ended, or is recorded by somebody else. What was recorded so far, also of one
  // that has ended; the blocks that are live now (none are known of one that nobody follows).
  Result<model::Session> session_of(pid_t pid);
  struct MemoryOfProcess {
    std::string name;
    std::uint64_t start_ticks = 0;
    analysis::HeapFacts heap;
  };
  Result<MemoryOfProcess> heap_facts_of(pid_t pid);
  // A leak check as `memwatch leaks` makes it: of a process that is not recorded exactly the answer
  // comes from a later turn(). Checks that wait can be ended with a reason.
  void check_leaks(recording::LeakQuestion question);
  void end_leak_checks(const std::string& why);

  // Of each running process that this daemon records; at most `top` libraries of each, and those of
  // its largest sites that have been named. Some wait for their names: shown_sites.h.
  [[nodiscard]] std::vector<ProcessMeasures> measures(std::size_t top) const;
  [[nodiscard]] std::vector<history::SiteId> nameless_sites() const;
  void name_sites(ShownSites::Labels labels);

  // Large allocations, failures and ends, for the alerts.
  AlertCallbacks alert_callbacks;
  // A moment of everything that can be alerted of; takes milliseconds at most, once a second. After
  // samples(), whose look at what others record it shares.
  AlertRound alert_round();
  // The place to be looked at: of growth the site that grows fastest, else the one that holds most.
  [[nodiscard]] std::vector<recording::Alert::Frame> site_of(const alerts::ProcessKey& process,
                                                             bool of_growth) const;

  // Fills in processes, events and names; the rest is the owner's.
  void describe(Status* status) const;

 private:
  struct State;
  explicit Fleet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::daemon
