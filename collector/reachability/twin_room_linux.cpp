#include <algorithm>
#include <string_view>

#include "collector/procfs/cgroup.h"
#include "collector/procfs/process_list.h"
#include "collector/procfs/stat_line.h"
#include "collector/procfs/text.h"
#include "collector/reachability/mapping_kinds.h"
#include "collector/reachability/memory_copy.h"
#include "collector/reachability/twin_room.h"

namespace memwatch::reachability {

namespace {

// Processes and threads that must still be allowed beside the twin.
constexpr std::uint64_t kFewTasks = 32;
constexpr std::uint64_t kFewBytes = std::uint64_t{32} << 20;

std::uint64_t number_of(std::string_view text, std::string_view key) {
  const auto value = procfs::find_value(text, key);
  std::string_view rest = value.value_or(std::string_view{}), word;
  return procfs::next_word(rest, word) ? procfs::parse_number(word).value_or(0) : 0;
}

// RLIMIT_NPROC counts the threads of all processes of the user; root is not held to it.
bool is_near_process_limit(pid_t process, std::string_view status) {
  const std::uint64_t user = number_of(status, "Uid");
  if (user == 0) return false;
  const auto limits = procfs::read_text(procfs::process_path("/proc", process, "limits"));
  if (!limits) return false;
  const std::uint64_t limit = number_of(*limits, "Max processes");  // 0: unlimited
  if (limit == 0) return false;
  std::uint64_t tasks = 0;
  for (const pid_t other : procfs::all_processes()) {
    const auto text = procfs::read_text(procfs::process_path("/proc", other, "status"));
    if (text && number_of(*text, "Uid") == user) tasks += number_of(*text, "Threads");
  }
  return tasks + kFewTasks >= limit;
}

bool is_near_task_limit(const procfs::CgroupLocation& cgroup) {
  if (cgroup.version != procfs::CgroupVersion::v2) return false;
  for (std::string at = cgroup.directory; at.size() >= cgroup.mount_point.size();
       at.resize(std::min(at.size() - 1, at.rfind('/')))) {
    const auto most = procfs::read_text(at + "/pids.max");
    const auto now = procfs::read_text(at + "/pids.current");
    const auto limit = most ? procfs::parse_number(*most) : std::nullopt;
    if (limit && now && procfs::parse_number(*now).value_or(0) + kFewTasks >= *limit) return true;
    if (at.size() <= 1) break;
  }
  return false;
}

}  // namespace

std::string why_no_twin(pid_t process, ProcessMemory& memory) {
  const auto status = procfs::read_text(procfs::process_path("/proc", process, "status"));
  if (!status) return "it cannot be looked at";
  if (number_of(*status, "Seccomp") != 0) return "it is in a sandbox (seccomp)";
  const auto stat = procfs::read_stat(process);
  if (stat && (stat->state == 'T' || stat->state == 't')) return "it was stopped already";
  const std::uint64_t bytes = present_bytes(memory, changeable_ranges(memory.maps())) + kFewBytes;
  if (bytes > available_memory() / 2) return "the machine has too little free memory";
  const auto cgroup = procfs::locate_cgroup(process);
  if (cgroup && procfs::cgroup_room(*cgroup).value_or(bytes) < bytes) {
    return "its cgroup has too little free memory";
  }
  if ((cgroup && is_near_task_limit(*cgroup)) || is_near_process_limit(process, *status)) {
    return "its user or its cgroup may hardly have another process";
  }
  return {};
}

std::vector<Range> ranges_without_twin(const std::vector<procfs::MemoryMapping>& maps,
                                       const procfs::AddressRanges& flagged) {
  std::vector<Range> ranges;
  for (const procfs::MemoryMapping& mapping : maps) {
    if (mapping.shared && mapping.readable && mapping.writable && is_memory_object(mapping.path) &&
        !is_segment(mapping.path)) {
      ranges.push_back({mapping.start, mapping.end});
    }
  }
  for (const auto& [start, end] : flagged) ranges.push_back({start, end});
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.start < b.start; });
  // The two may have been looked at at different times.
  std::vector<Range> apart;
  for (const Range& range : ranges) {
    if (!apart.empty() && range.start < apart.back().end) {
      apart.back().end = std::max(apart.back().end, range.end);
    } else {
      apart.push_back(range);
    }
  }
  return apart;
}

}  // namespace memwatch::reachability
