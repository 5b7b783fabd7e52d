// Memory that the watched processes share with others: their cgroups' limits, and how long the
// machine waits for memory. A group is observed once, however many of its processes are watched.
// Made for one round; reads a file of a group that is rather full, and one of the machine.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "collector/alerts/observation.h"
#include "collector/daemon/watched_process.h"

namespace memwatch::daemon {

class PressureReader {
 public:
  void add(const WatchedProcess& process, const alerts::Observation& seen);
  [[nodiscard]] std::vector<alerts::PressureObservation> observations() const;

 private:
  struct Group {
    procfs::CgroupLocation location;
    alerts::PressureObservation seen;
    std::uint64_t largest_rss = 0;
  };
  std::map<std::string, Group> groups_;  // by directory
  alerts::ProcessKey largest_;           // of all
  std::uint64_t largest_rss_ = 0;
};

}  // namespace memwatch::daemon
