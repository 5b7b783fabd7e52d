// From what is seen of processes to alerts that begin and end. A condition is alerted of once, when
// it has held for long enough, and its alert resolves itself when it has ended for long enough; an
// event (large allocation, failure) is alerted of at once, and its alert resolves itself when
// nothing of the kind has happened for the cool-down. What cool-downs and the limit on alerts an
// hour hold back is counted, and a condition that still holds when there is room again is told
// then. One that is resolved by hand is not told again before it has ended.
//
// Time is handed in: intervals by a steady clock, so that setting the wall clock changes nothing.
// Sentences are the caller's to add (message, site, recommendations): see update(). One owner, not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector/alerts/alert.h"
#include "collector/alerts/conditions.h"
#include "collector/alerts/limiter.h"
#include "collector/alerts/observation.h"
#include "collector/alerts/rules.h"
#include "collector/base/result.h"

namespace memwatch::alerts {

struct Notice {
  enum class Kind : std::uint8_t { raised, escalated, resolved } kind = Kind::raised;
  Alert alert;
};

class Engine {
 public:
  // Alerts are numbered from this one on.
  explicit Engine(std::uint64_t next_id = 1) : next_id_(next_id) {}

  void set_per_hour(std::size_t most) { limiter_.set_per_hour(most); }

  // An alert from before this start, `age` seconds old: one that is open goes on, and either counts
  // for cool-downs and the limit an hour.
  void restore(Alert alert, double age, const Moment& now);

  void observe(const Observation& seen, const Rules& rules, const Moment& now);
  void observe(const PressureObservation& seen, const Rules& rules, const Moment& now);
  void happened(const Incident& incident, const Rules& rules, const Moment& now);
  // The process is gone: what is open of it is resolved.
  void gone(const ProcessKey& process, const std::string& why, const Moment& now);
  // After a round of observations: processes and groups that were not among them for a while are
  // gone, and events that have not happened again are over.
  void end_round(const Moment& now);

  // By hand. Error of kind usage: no such alert is open.
  Result<void> resolve(std::uint64_t id, const std::string& why, const Moment& now);

  // Fills in what the engine does not know of an alert that is open; false: it is not.
  bool update(const Alert& with_sentences);

  [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }
  [[nodiscard]] const std::map<std::uint64_t, Alert>& open() const { return open_; }
  [[nodiscard]] const Limiter& limiter() const { return limiter_; }
  [[nodiscard]] std::vector<ProcessKey> processes() const;

 private:
  // What is known of one condition of one process, or of one kind of event.
  struct Slot {
    double since = -1;          // it holds; -1: it does not
    double ended = -1;          // it is below the level at which it has ended
    double seen = 0;            // when there was last anything to read
    std::uint64_t id = 0;       // the open alert; 0: none
    bool is_dismissed = false;  // by hand, and has not ended since
    bool was_counted = false;   // as held back, since it began to hold
    // Of events: when the last one was, and how long without one is the end.
    double last_event = -1, quiet = 0;
  };
  struct Watched {
    Past past;
    Rules rules;
    std::map<std::string, Slot> slots;  // by subject
    double seen = 0;
    bool is_group = false;  // no process: a cgroup, or the machine
    bool is_new = true;
    double fresh_for = Observation{}.fresh_for;
    std::uint64_t failed_told = 0, failed_seen = 0;  // as events; by the process's counter
  };

  void read(const ProcessKey& key, Watched& watched, const ProcessKey& process,
            const Reading& reading, const Rules& rules, const Moment& now);
  void settle_unread(Watched& watched, const std::set<std::string>& read, bool rules_changed,
                     const Moment& now);
  void count_unseen(Watched& watched, const Observation& seen, const Rules& rules,
                    const Moment& now);
  void raise(const ProcessKey& key, Slot& slot, Alert alert, const Moment& now);
  void close(Slot& slot, const std::string& why, const Moment& now);
  void finish(const ProcessKey& process, Watched& watched, const std::string& why,
              const Moment& now);

  std::uint64_t next_id_;
  Limiter limiter_;
  std::map<ProcessKey, Watched> watched_;
  std::map<std::uint64_t, Alert> open_;
  std::vector<Notice> notices_;
};

}  // namespace memwatch::alerts
