// What a thread remembers of the last stack it recorded, so that the next one costs only what has
// changed. Frames lie outermost first, so a return and a call replace the end of the array. Beside
// them lies what must be true in memory for them to be still the same:
//
//   frames                                    checks
//   [0]  _start   sp 7ffe…f0  node 2          the word below f0 is _start's pc
//   [1]  main     sp 7ffe…a0  node 4          the word below a0 is main's pc; main's fp lies at 90
//   [2]  parse    sp 7ffe…40  node 9          (the innermost frame: compared by its registers)
//
// A walk that comes to a frame with the same sp, pc and fp compares the words. An unwind rule
// depends on the pc alone and reads nothing but sp, fp and those words, so frames that agree are
// proven to be the same, not guessed. A frame's fp counts only if a rule further out reads it
// before it is restored (needs_fp): optimised code uses that register for anything.
//
// One owner: the thread whose ring it belongs to.
#pragma once

#include <cstdint>

#include "preload/walk_stack.h"

namespace memwatch::preload {

inline constexpr unsigned kMaxFrames = 1024;  // deeper stacks are cut off and counted

struct KnownFrame {
  std::uint64_t pc;      // with protocol::kExactPc where it is not a return address
  std::uintptr_t sp;     // once the call to the next inner frame has returned
  std::uintptr_t fp;     // likewise; valid if needs_fp
  std::uint32_t node;    // the stack from here outwards
  Link link;             // how it was found
  std::uint16_t checks;  // how many there are for the frames further out
  bool needs_fp;
};

// A frame of the walk under way that is not known yet, and how it was found from the next inner one
// (see Position).
struct FreshFrame {
  std::uint64_t pc;
  std::uintptr_t sp, fp;
  Link link;
};

struct WordCheck {
  const std::uint64_t* place;
  std::uint64_t value;
};

// How a walk ended.
enum class StackEnd : std::uint8_t {
  outermost,       // by the rule of the last frame's code alone: it has no caller
  outermost_here,  // by what registers and memory were: to be looked at again
  lost,            // the stack went on, but could not be followed
  cut_off,         // deeper than can be remembered
};

struct StackMemo {
  std::uint32_t depth;            // frames that hold; 0: nothing is remembered
  std::uint32_t code_generation;  // of the code the rules were taken from
  StackEnd end;
  KnownFrame frames[kMaxFrames];
  WordCheck checks[2 * kMaxFrames];  // two a frame at most: pc and fp
  FreshFrame fresh[kMaxFrames];      // innermost first
};

// The nodes of the stack tree this thread met last, by parent and pc: most calls of a program lead
// from frames it was in a moment ago. 64 KiB, direct-mapped: a miss asks the tree, which costs two
// or three cache misses more.
struct NodeCache {
  static constexpr unsigned kBits = 12;
  struct Entry {
    std::uint64_t pc;
    std::uint32_t parent, node;  // node 0: empty
  };
  Entry entries[1U << kBits];

  Entry& entry_of(std::uint32_t parent, std::uint64_t pc) {
    const std::uint64_t mixed = (pc + parent * 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;
    return entries[mixed >> (64 - kBits)];
  }
};

}  // namespace memwatch::preload
