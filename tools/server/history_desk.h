// What the history is given, once a second: samples, what was done with large blocks, and consumers
// with the names of their sites, which another process finds and the metrics show too. At the
// start, the events that an earlier daemon told of come back from it. On the daemon's thread alone;
// it never waits: what does has threads of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

#include "collector/daemon/fleet.h"
#include "collector/history/history.h"
#include "tools/notify/locator.h"
#include "tools/server/main_thread_calls.h"

namespace memwatch::server {

class HistoryDesk {
 public:
  // The fleet, the history and the calls outlive it.
  struct Parts {
    daemon::Fleet& fleet;
    MainThreadCalls& calls;
    std::function<history::History&()> history;
  };
  explicit HistoryDesk(Parts parts) : parts_(std::move(parts)) {}
  ~HistoryDesk() { *self_ = nullptr; }
  HistoryDesk(const HistoryDesk&) = delete;
  HistoryDesk& operator=(const HistoryDesk&) = delete;

  void start();  // asks the history for what was before
  void look(std::int64_t time_ms);

 private:
  void restore(const std::vector<history::Operation>& operations);
  // The history has these sites now, and of some of them no name.
  void written(const std::vector<history::SiteId>& sites,
               const std::vector<history::SiteId>& unnamed);
  void named(const std::vector<history::SiteId>& sites, notify::Locator::Names names);
  // What the history has named by now, for the metrics.
  void name_shown();

  Parts parts_;
  // Of these nothing has to be found out any more. It may be forgotten.
  std::unordered_set<history::SiteId> settled_;
  // By what those can be named whose round is on its way to the history.
  std::map<history::SiteId, notify::UnnamedStack> stacks_;
  notify::Locator locator_;  // goes first: its thread makes calls
  std::shared_ptr<HistoryDesk*> self_ = std::make_shared<HistoryDesk*>(this);  // for late calls
};

}  // namespace memwatch::server
