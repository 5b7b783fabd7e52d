// /proc/PID/smaps_rollup: what a process's pages really cost, shared ones by share. The kernel
// walks every page table for it (milliseconds per gigabyte, holding the mmap lock), so it is read
// rarely. Any thread. Bytes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch::procfs {

struct SmapsRollup {
  std::uint64_t rss = 0, pss = 0;
  std::uint64_t pss_anonymous = 0, pss_file = 0, pss_shmem = 0;  // Linux 5.5 and later
  std::uint64_t shared_clean = 0, shared_dirty = 0, private_clean = 0, private_dirty = 0;
  std::uint64_t anonymous = 0, anonymous_huge = 0, lazy_free = 0;
  std::uint64_t swap = 0, swap_pss = 0, locked = 0;
};

// Empty where the text has no Pss line.
std::optional<SmapsRollup> parse_smaps_rollup(std::string_view text);

// Empty also where the kernel is older than 4.14 or forbids it (another user's process).
std::optional<SmapsRollup> sample_smaps_rollup(pid_t pid, const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
