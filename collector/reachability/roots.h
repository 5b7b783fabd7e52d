// Where a process's memory is looked at for pointers that keep blocks alive. Everything that it can
// write to and that is not the allocator's:
//
//   data of executables and libraries, and what the loader made read-only after relocating it
//   anonymous memory: mappings of the program's own, thread-local storage, data without a file
//   stacks of its threads, from a red zone (128 bytes) below the stack pointer up
//   registers
//
// Not the allocator's: the heap that grows by brk, glibc's arenas (64 MiB each, aligned; a block's
// header says whether it lies in one), the bins of its main arena, mappings of other allocators.
// Blocks are no roots: they count when something leads to them. Not what is dead: the part of a
// stack below its pointer, stacks that glibc keeps of threads that have ended (recognised by their
// control block, which points to itself). Not memwatch's own: its segment, its library's data and
// the mappings it made.
//
// Where not every block is known (of a forked child, or a process that was joined while it ran),
// the allocator's memory is looked at too, except known blocks: what an unknown block holds is
// held. Pure but for reading the process's memory. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "collector/procfs/memory_maps.h"
#include "collector/reachability/block_index.h"
#include "collector/reachability/memory.h"
#include "collector/reachability/stopped_threads.h"

namespace memwatch::reachability {

struct RootSource {
  enum class Kind : std::uint8_t { data, stack, registers, memory, heap, loader };
  Kind kind = Kind::memory;
  std::string path;  // of data: the module
  pid_t tid = 0;     // of stacks and registers
  Range range;       // of memory
};

struct RootRange {
  std::uint32_t source = 0;
  Range range;
};

struct RootPlan {
  std::vector<RootSource> sources;
  std::vector<RootRange> ranges;
};

struct RootFacts {
  std::vector<Range> program_mappings;  // made by the program's own calls of mmap
  std::vector<Range> shim_mappings;     // made by the preloaded library
  bool program_moved_break = false;     // then the heap is not the allocator's alone
  bool has_unknown_blocks = false;
};

// `maps`: of the process, as its memory. `blocks`: in the order of addresses. Threads whose
// registers are not known have all of their stack looked at.
RootPlan plan_roots(Memory& memory, const std::vector<procfs::MemoryMapping>& maps,
                    const std::vector<Block>& blocks, const std::vector<StoppedThread>& threads,
                    const RootFacts& facts);

}  // namespace memwatch::reachability
