// The memory cgroup of one process, as the process is moved from group to group: systemd and
// container runtimes put it elsewhere after it has started. Its file is read again every
// kBetweenLooks, at once when the directory has vanished; mounts only when that file has changed.
// Not thread-safe.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "collector/procfs/cgroup_location.h"

namespace memwatch::procfs {

class FollowedCgroup {
 public:
  static constexpr double kBetweenLooks = 15, kAtLeastBetween = 1;  // seconds

  FollowedCgroup() = default;  // of no process: nowhere
  explicit FollowedCgroup(pid_t pid, std::string proc_root = "/proc");

  // `now`: seconds by a clock that is not set; the first call counts as a look. `has_vanished`: the
  // group is not there any more, as whoever reads its figures knows. True: the process is in
  // another group than before. One that has ended stays where it was.
  bool follow(double now, bool has_vanished);
  [[nodiscard]] const std::optional<CgroupLocation>& location() const { return location_; }

 private:
  bool look();

  pid_t pid_ = 0;
  std::string proc_root_, membership_;  // the file as it was read last
  std::optional<CgroupLocation> location_;
  std::optional<double> looked_at_;
};

}  // namespace memwatch::procfs
