#include "collector/daemon/pressure_reader.h"

#include <algorithm>

#include "collector/procfs/cgroup.h"
#include "collector/procfs/pressure.h"

namespace memwatch::daemon {

void PressureReader::add(const WatchedProcess& process, const alerts::Observation& seen) {
  if (seen.rss >= largest_rss_) {
    largest_rss_ = seen.rss;
    largest_ = seen.process;
  }
  const model::TimelineSample& sample = process.latest_sample();
  if (sample.cgroup_limit == 0 || !process.cgroup()) return;
  Group& group = groups_[process.cgroup()->directory];
  group.location = *process.cgroup();
  group.seen.subject = group.location.directory;
  group.seen.used = sample.cgroup_usage;
  group.seen.limit = sample.cgroup_limit;
  if (seen.rss >= group.largest_rss) {
    group.largest_rss = seen.rss;
    group.seen.largest = seen.process;
  }
}

std::vector<alerts::PressureObservation> PressureReader::observations() const {
  constexpr double kRatherFull = 0.5;
  std::vector<alerts::PressureObservation> all;
  for (const auto& [directory, group] : groups_) {
    all.push_back(group.seen);
    // The page cache fills what there is, and goes when it is asked to: it is no pressure.
    alerts::PressureObservation& seen = all.back();
    if (static_cast<double>(seen.used) > kRatherFull * static_cast<double>(seen.limit)) {
      seen.used -= std::min(seen.used, procfs::read_cgroup_reclaimable(group.location));
    }
  }
  if (largest_.pid == 0) return all;
  if (const auto pressure = procfs::read_pressure()) {
    alerts::PressureObservation& machine = all.emplace_back();
    machine.subject = "machine";
    machine.largest = largest_;
    machine.stall = pressure->some_avg10;
  }
  return all;
}

}  // namespace memwatch::daemon
