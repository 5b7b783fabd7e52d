// What a cgroup says about memory: usage, the limit that really applies, kills, pressure. Callers:
// the collector's sampler, with a location that is followed (followed_cgroup.h). About 10 µs per
// level. Any thread. Bytes. Source: Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst of Linux.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/procfs/cgroup_location.h"
#include "collector/procfs/pressure.h"

namespace memwatch::procfs {

struct CgroupMemory {
  // Of the group, or of the nearest ancestor in which memory is accounted; 0 where nowhere (the
  // root group of v2 has no such file).
  std::uint64_t usage = 0;
  std::uint64_t limit = 0;                // the smallest of the group and its ancestors; 0: none
  std::uint64_t out_of_memory_kills = 0;  // since the group was made; its descendants' too in v2
};

// Empty where the group is gone.
std::optional<CgroupMemory> read_cgroup_memory(const CgroupLocation& location);

// Of the group's usage, what the kernel can drop at once: file pages that were not used lately. 0
// where it is not told.
std::uint64_t read_cgroup_reclaimable(const CgroupLocation& location);

// How many bytes may still be charged to the group and all its ancestors, what the kernel can drop
// of files that were read once included. Empty: no limit, or it cannot be told.
std::optional<std::uint64_t> cgroup_room(const CgroupLocation& location);

// Of the group (v2), else of the machine.
std::optional<Pressure> read_cgroup_pressure(const CgroupLocation& location);

// One limit as written in memory.max or memory.limit_in_bytes; 0 for none.
std::uint64_t parse_limit(std::string_view text, CgroupVersion version);

}  // namespace memwatch::procfs
