// What the kernel says of a process's memory, as the explanation of it wants it. Walks its page
// tables (milliseconds for a gigabyte), so only when somebody asks. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "collector/analysis/breakdown.h"
#include "collector/base/result.h"

namespace memwatch::daemon {

// `start_ticks`: when the process that is meant began (procfs::process_start_ticks), since its pid
// may come to be another's. Errors: not_found where it has ended, system where the kernel forbids
// it.
Result<analysis::MemoryFacts> read_memory_facts(pid_t pid, std::uint64_t start_ticks);

}  // namespace memwatch::daemon
