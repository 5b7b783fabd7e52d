// What memory cgroups say, read once for all their processes: a thousand processes of one group ask
// for the same five files at the same moment, which was half of what watching them cost. Caller:
// the collector's sampler. Not thread-safe. Nothing that vanishes is an error.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "collector/procfs/cgroup.h"

namespace memwatch::procfs {

class CgroupReadings {
 public:
  using Clock = std::chrono::steady_clock;

  struct Reading {
    std::optional<CgroupMemory> memory;  // empty: the group is gone
    std::optional<Pressure> pressure;
  };

  // An answer is not older than this; zero reads each time.
  explicit CgroupReadings(Clock::duration max_age) : max_age_(max_age) {}

  // As read_cgroup_memory and read_cgroup_pressure. Valid until the next call.
  const Reading& read(const CgroupLocation& location, Clock::time_point now);

  // Groups that nobody has asked for lately are forgotten: machines make many and remove them.
  static constexpr std::chrono::seconds kForgottenAfter{60};
  [[nodiscard]] std::size_t remembered() const { return groups_.size(); }

 private:
  struct Group {
    Reading reading;
    Clock::time_point read_at;
  };

  Clock::duration max_age_;
  std::map<std::string, Group, std::less<>> groups_;  // by directory
  Clock::time_point swept_at_;
};

}  // namespace memwatch::procfs
