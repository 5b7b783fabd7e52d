// May a twin of this process be made (twin.h) without anybody's harm, and what would it lack? Asked
// while the process runs. Linux.
//
// Every page that the process writes to while its twin lives is copied, and charged to it: there
// has to be room for all of them, in its cgroups and in the machine. A process more must not be the
// one too many for its user or cgroup. In a sandbox (seccomp) the call might end it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "collector/procfs/fork_flags.h"
#include "collector/reachability/process_memory.h"

namespace memwatch::reachability {

// Why there cannot be one, as the rest of a sentence; "" if nothing is in the way.
std::string why_no_twin(pid_t process, ProcessMemory& memory);

// Parts that change under a twin, or that it does not get: memory shared with other processes, and
// what forked children do not inherit (procfs::read_fork_flags). Ascending.
std::vector<Range> ranges_without_twin(const std::vector<procfs::MemoryMapping>& maps,
                                       const procfs::AddressRanges& flagged);

}  // namespace memwatch::reachability
