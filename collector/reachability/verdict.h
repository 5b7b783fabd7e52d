// The kind of every block (spec: leak kinds):
//
//   reachable  roots lead to it by pointers to starts, or by interior ones a known layout explains
//   possible   roots lead to it, but every way has an unexplained interior pointer
//   definite   nothing reachable points to it, and of what leaks nothing that it does not itself
//              hold: the head of a leaked structure. Of a cycle it is the block allocated first
//   indirect   only leaked blocks point to it; it has a definite owner
//
// Leaked blocks are condensed into strongly connected components (Tarjan, Depth-first search and
// linear graph algorithms, 1972); a component that no other leads to has the definite block.
// As many threads as the scan has mark what is reachable, unless links are asked for; the verdicts
// are the same with any number. To the outside single-threaded, throws std::bad_alloc. Reads the
// process's memory for layouts only.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/reachability/scan.h"

namespace memwatch::reachability {

enum class Kind : std::uint8_t { definite, indirect, possible, reachable };

// How a block was first reached: by a way with the fewest pointers there is, of those to starts
// before interior ones.
struct Link {
  std::uint32_t from = kNoBlock;  // the block that points to it; kNoBlock: a root, or nothing
  std::uint32_t depth = 0;        // how many blocks stand before it on the way
};

struct Verdicts {
  std::vector<Kind> kinds;            // per block of the scan
  std::vector<std::uint32_t> owners;  // of an indirect block the definite one; else itself
  std::vector<Link> links;            // empty unless asked for
};

Verdicts judge(const Scan& scan, bool with_links = false);

// For tests, and to have one file per step: the kinds of blocks that roots do not reach.
// `leaked`: numbers of the blocks, ascending.
void judge_leaked(const Scan& scan, const std::vector<std::uint32_t>& leaked, Verdicts& verdicts);

}  // namespace memwatch::reachability
