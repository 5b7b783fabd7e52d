// What glibc's allocator and threads leave in memory, recognised by what stands there. Facts of
// malloc/malloc.c and nptl (2.26 to 2.41); where they do not hold, nothing is recognised, and more
// memory counts as a root: leaks may be missed then, none is made up. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collector/reachability/block_index.h"
#include "collector/reachability/memory.h"

namespace memwatch::reachability {

inline constexpr std::uint64_t kArenaBytes = std::uint64_t{64} << 20;  // and their alignment

// Starts of the arenas other than the main one in which these blocks lie, ascending.
std::vector<std::uint64_t> arenas_of(Memory& memory, const std::vector<Block>& blocks);

// The state of the main arena within libc's data: its lists of free chunks point at the headers of
// chunks, which lie in the tails of the blocks before them. Found by the bins, of which most are
// empty: an empty bin's two words point to 16 bytes before themselves.
std::optional<Range> main_arena_state(Memory& memory, Range data);

// The control block of a thread at the upper end of a stack: first and third word point to itself.
std::optional<std::uint64_t> thread_control_block(Memory& memory, Range stack);

}  // namespace memwatch::reachability
