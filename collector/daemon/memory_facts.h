// What the kernel says of a process's memory, as the explanation of it wants it. Walks its page
// tables (milliseconds for a gigabyte), so only when somebody asks. Any thread.
#pragma once

#include <sys/types.h>

#include "collector/analysis/breakdown.h"
#include "collector/base/result.h"

namespace memwatch::daemon {

// Errors: not_found where there is no such process, system where the kernel forbids it.
Result<analysis::MemoryFacts> read_memory_facts(pid_t pid);

}  // namespace memwatch::daemon
