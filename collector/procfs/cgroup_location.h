// Where the memory cgroup of a process is, as a directory: cgroup v2 ("unified"), v1 with its
// memory controller, or hybrid machines that have both. Finding it reads two files;
// followed_cgroup.h does so when it must. Reading values from it is cgroup.h. Any thread.
//
//   /proc/PID/cgroup                     /proc/self/mountinfo               the directory
//   0::/app.slice/x                      … / /sys/fs/cgroup … cgroup2 /sys/fs/cgroup/app.slice/x
//   4:memory:/docker/abc                 … /docker/abc /sys/fs/cgroup/memory … cgroup … memory
//                                                                           /sys/fs/cgroup/memory
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::procfs {

enum class CgroupVersion { v1, v2 };

struct CgroupLocation {
  CgroupVersion version = CgroupVersion::v2;
  std::string mount_point;  // no ancestor above this can be seen
  std::string directory;    // mount_point or below it
};

struct CgroupMembership {
  std::optional<std::string> memory_v1;  // path in the hierarchy of the v1 memory controller
  std::optional<std::string> unified;
};

struct CgroupMount {
  CgroupVersion version = CgroupVersion::v2;
  std::string root;  // the path in the hierarchy that is mounted here
  std::string mount_point;
};

CgroupMembership parse_cgroup(std::string_view text);
// The mounts that matter: cgroup2, and cgroup with the memory controller.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo);

// v1 where the memory controller is there, since a controller lives in one hierarchy only. Empty
// where nothing suitable is mounted or the group lies outside what is mounted.
std::optional<CgroupLocation> locate_cgroup(const CgroupMembership& membership,
                                            const std::vector<CgroupMount>& mounts);

std::optional<CgroupLocation> locate_cgroup(pid_t pid, const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
