#include "collector/procfs/exit_status.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/procfs/process_identity.h"
#include "collector/procfs/text.h"

namespace memwatch::procfs {

namespace {

// struct pidfd_info as first published, which newer kernels only add to; the headers of Debian 12
// are older. Source: include/uapi/linux/pidfd.h of Linux 6.15.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::uint32_t pid, tgid, ppid;
  std::uint32_t user_and_group_ids[8];
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t kInfoExit = 1U << 3;
const unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

// Real, effective and saved id, all of them this one?
bool are_all(std::string_view status, std::string_view key, std::uint64_t id) {
  std::string_view words = find_value(status, key).value_or(std::string_view{}), word;
  for (int i = 0; i < 3; ++i) {
    if (!next_word(words, word) || parse_number(word) != id) return false;
  }
  return true;
}

// The kernel shows 0 in the place of a status to those who may not see it. Source: do_task_stat and
// __ptrace_may_access of Linux, the part that needs no capability.
bool may_see_status(pid_t pid) {
  const std::optional<std::string> status = read_text(process_path("/proc", pid, "status"));
  return status && are_all(*status, "Uid", geteuid()) && are_all(*status, "Gid", getegid());
}

}  // namespace

std::optional<int> wait_status_of_ended(pid_t pid, int pidfd) {
  // Until its parent has fetched the status it is in the stat line.
  if (const auto status = zombie_wait_status(pid);
      status && (*status != 0 || may_see_status(pid))) {
    return status;
  }
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (pidfd < 0 || ioctl(pidfd, kGetInfo, &info) != 0 || (info.mask & kInfoExit) == 0) {
    return std::nullopt;
  }
  return info.exit_code;
}

}  // namespace memwatch::procfs
