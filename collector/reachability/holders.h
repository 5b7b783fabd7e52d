// Who holds a block: a way with the fewest pointers there is from a root to it. Verdicts with links
// say which block leads to which; where the pointers are is looked up in memory, so it is done
// while that is there to be read. Not thread-safe. Nothing fails: what can no longer be found is
// left 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collector/reachability/roots.h"
#include "collector/reachability/verdict.h"

namespace memwatch::reachability {

struct HoldersWish {
  std::size_t sites = 0;                 // a way for each of so many sites, those that hold most
  std::optional<std::uint64_t> address;  // and one to the block in which this lies
};

struct Step {
  std::uint32_t block = kNoBlock;
  std::uint64_t pointer_at = 0;  // offset of the pointer in the block before
  std::uint64_t inside = 0;      // what it leads to, from the block's start
};

struct Path {
  Kind kind = Kind::reachable;          // of its last block
  std::optional<std::uint32_t> source;  // the root's number; none: the first block is a leak
  std::uint64_t where = 0;              // address of the pointer; 0: a register, a decree
  bool in_thread_local_storage = false;
  std::uint64_t skipped = 0;  // blocks in the middle of a long way that are not listed
  std::vector<Step> steps;
};

std::vector<Path> find_holders(const Scan& scan, const Verdicts& verdicts, const HoldersWish& wish);

// Tells thread-local storage from stacks and other memory, of which it is a part. `sources`: what
// the roots of the scan are.
void recognise_thread_local(const Scan& scan, const std::vector<RootSource>& sources,
                            const std::vector<procfs::MemoryMapping>& maps,
                            std::vector<Path>& paths);

}  // namespace memwatch::reachability
