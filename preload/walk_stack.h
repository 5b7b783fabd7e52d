// The built-in stack walker: from a call site outwards, by cached unwind rules, the full CFI where
// a rule is unusual, the frame pointer where there is no CFI. Reads nothing outside readable pages
// of the current stack. Any thread, any signal handler; no lock, no allocation.
#pragma once

#include <cstdint>

#include "preload/processor.h"
#include "preload/readable_memory.h"
#include "preload/unwind_expression.h"

namespace memwatch::preload {

// Registers at the call of an allocation function, as its caller sees them after the return.
struct CallSite {
  std::uintptr_t pc;  // return address into the caller
  std::uintptr_t sp;  // stack pointer after the return
  std::uintptr_t fp;  // the caller's frame pointer register
};

// MEMWATCH_CALL_SITE() of processor.h is the call site of the function it is used in. That must be
// compiled with frame pointers; preload/CMakeLists.txt sees to it.

// How a frame was found from the next inner one.
class Link {
 public:
  Link() = default;  // by more than sp, fp and the words below its sp

  // Its pc lay `pc_below` bytes below its sp (a multiple of 8, at most 65528), its fp `fp_below`
  // bytes (at most 65535; 0: it is the inner frame's). `by_sp`: its sp is the inner frame's plus a
  // constant of the inner frame's code.
  Link(std::uint32_t pc_below, bool by_sp, std::uint32_t fp_below)
      : bits_(pc_below / 8 | (by_sp ? kBySp : 0) | (fp_below << 16)) {}

  [[nodiscard]] bool is_simple() const { return (bits_ & kPcBelow) != 0; }
  [[nodiscard]] std::uint32_t pc_below() const { return (bits_ & kPcBelow) * 8; }
  [[nodiscard]] bool by_sp() const { return (bits_ & kBySp) != 0; }
  [[nodiscard]] std::uint32_t fp_below() const { return bits_ >> 16; }

 private:
  static constexpr std::uint32_t kBySp = 1U << 15;
  static constexpr std::uint32_t kPcBelow = 0x1fff;
  std::uint32_t bits_ = 0;  // one word, since it is copied for every frame that is walked
};

// One walk's position: a frame. The three registers that nearly all rules use are plain members;
// the others are known only right after a signal frame or the full interpreter.
struct Position {
  explicit Position(const CallSite& site) : pc(site.pc), sp(site.sp), fp(site.fp) {
    others.known = 0;
  }

  std::uintptr_t pc, sp, fp;
  bool exact = false;           // pc is the instruction itself, not a return address
  bool on_other_stack = false;  // a signal frame led to another stack than the walk began on
  Link link;                    // none for the frame a walk begins with
  Registers others;             // callee-saved registers other than sp, fp and pc
};

enum class Step : std::uint8_t {
  caller,          // moved to the caller
  outermost,       // there is none, by the rule of this code
  outermost_here,  // there is none, by what registers and memory hold
  lost,            // there is one, but it cannot be found
};

// Moves to the caller's frame.
Step step_out(Position& at, ReadableRange& memory);

struct Walk {
  unsigned frames;
  bool truncated;  // the stack went on, but could not be followed (or is deeper than the limit)
};

// Writes the frames from the innermost (the call site itself) outwards; protocol::kExactPc marks
// those that are not return addresses.
Walk walk_stack(const CallSite& site, ReadableRange& memory, std::uint64_t* pcs, unsigned limit);

}  // namespace memwatch::preload
