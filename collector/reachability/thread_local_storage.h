// Is a word part of a thread's static thread-local storage? glibc and musl put it right below the
// thread's control block: at the upper end of a stack, or, of the first thread, in memory of the
// loader's own. What the programs and libraries need of it together is in their headers (PT_TLS),
// read from the process's memory. Not thread-safe. Where nothing is recognised, nothing is said.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/procfs/memory_maps.h"
#include "collector/reachability/memory.h"

namespace memwatch::reachability {

// At most so many bytes below a control block.
std::uint64_t thread_local_bytes(Memory& memory, const std::vector<procfs::MemoryMapping>& maps);

// `range`: the mapping in which the address lies; `has_stack`: a thread's stack as well.
bool is_thread_local(Memory& memory, std::uint64_t address, Range range, bool has_stack,
                     std::uint64_t most_bytes);

}  // namespace memwatch::reachability
