// The mappings of a process that a forked child does not get as they are: not at all
// (MADV_DONTFORK), wiped (MADV_WIPEONFORK), or of huge pages that were set aside, of which there
// may be none left when one of the two writes. From /proc/PID/smaps, whose reading makes the
// process's own calls of mmap wait for some milliseconds per gigabyte. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memwatch::procfs {

// [start, end), ascending.
using AddressRanges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

AddressRanges parse_fork_flags(std::string_view smaps);

// Empty optional: it cannot be told (forbidden, no such process, too many mappings).
std::optional<AddressRanges> read_fork_flags(pid_t pid, const std::string& proc_root = "/proc");

}  // namespace memwatch::procfs
