// /proc/PID/smaps: the mappings of a process with what of each is in memory. The kernel walks every
// page table for it (a millisecond for a hundred megabytes, with the mmap lock held), so it is read
// only when somebody asks. Stateless; any thread. Bytes. Source of the format: proc(5). Lines that
// make no sense are left out.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/procfs/memory_maps.h"

namespace memwatch::procfs {

struct ResidentMapping {
  MemoryMapping mapping;
  std::uint64_t rss = 0;  // all of them together are what ps shows
  std::uint64_t swap = 0;
};

// Ascending by address.
std::vector<ResidentMapping> parse_smaps(std::string_view text);

// Empty: the process is gone, or another user's.
std::optional<std::vector<ResidentMapping>> read_smaps(pid_t pid,
                                                       const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
