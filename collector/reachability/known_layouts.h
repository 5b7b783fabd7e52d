// Layouts in which a pointer into the inside of a block is how its owner holds it: such a pointer
// counts like one to the start. Each is recognised by words that only this layout has there; what
// matches none stays an interior pointer, and its block "possible".
//
//   layout                  pointer at     and in memory
//   std::string, short      start + 16     word at start points there, length before it ≤ 15
//   std::string, old ABI    start + 24     length ≤ capacity, size = 24 + capacity + 1
//   array with a cookie     start + 8 …64  the word before it divides the rest of the size
//   second base class       a word of it   a table of functions at both, whose offsets to the top
//                                          are 0 and minus the distance (Itanium C++ ABI, 2.5.2)
//   length in front         start + 8, 16  the first word is the rest of the size, or the size
//   length in front (sds)   start + 1 …17  type, length and capacity as redis keeps them
//
// The first three and the fourth's idea as in Valgrind's --leak-check-heuristics. Reads the
// process's memory, a few words; not thread-safe.
#pragma once

#include <cstdint>

#include "collector/reachability/memory.h"

namespace memwatch::reachability {

// Does a known layout explain a pointer to `offset` (not 0) inside the block [start, start + size)?
bool explains_interior(Memory& memory, std::uint64_t start, std::uint64_t size,
                       std::uint64_t offset);

}  // namespace memwatch::reachability
