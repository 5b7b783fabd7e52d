#include "collector/procfs/cgroup_readings.h"

namespace memwatch::procfs {

const CgroupReadings::Reading& CgroupReadings::read(const CgroupLocation& location,
                                                    Clock::time_point now) {
  if (now - swept_at_ >= kForgottenAfter) {
    swept_at_ = now;
    std::erase_if(groups_,
                  [&](const auto& group) { return now - group.second.read_at >= kForgottenAfter; });
  }
  const auto [at, is_new] = groups_.try_emplace(location.directory);
  Group& group = at->second;
  if (is_new || now - group.read_at >= max_age_) {
    group.reading = {read_cgroup_memory(location), read_cgroup_pressure(location)};
    group.read_at = now;
  }
  return group.reading;
}

}  // namespace memwatch::procfs
