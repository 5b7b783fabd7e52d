// The built-in stack walker: from a call site outwards, by cached unwind rules, the full CFI where
// a rule is unusual, the frame pointer where there is no CFI. Reads nothing outside readable pages
// of the current stack. Any thread, any signal handler; no lock, no allocation.
#pragma once

#include <cstdint>

#include "preload/thread_ring.h"

namespace memwatch::preload {

// Registers at the call of an allocation function, as its caller sees them after the return.
struct CallSite {
  std::uintptr_t pc;  // return address into the caller
  std::uintptr_t sp;  // stack pointer after the return
  std::uintptr_t fp;  // the caller's frame pointer register
};

// The call site of the function this is used in. The function must be compiled with frame pointers
// (preload/CMakeLists.txt sees to it): then [fp] is the caller's fp and [fp + 8] the return
// address.
#define MEMWATCH_CALL_SITE()                                             \
  (::memwatch::preload::CallSite{                                        \
      reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)),     \
      reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 16, \
      *static_cast<const std::uintptr_t*>(__builtin_frame_address(0))})

struct Walk {
  unsigned frames;
  bool truncated;  // the stack went on, but could not be followed (or is deeper than the limit)
};

// Writes the frames from the innermost (the call site itself) outwards; protocol::kExactPc marks
// those that are not return addresses.
Walk walk_stack(const CallSite& site, ReadableRange& memory, std::uint64_t* pcs, unsigned limit);

}  // namespace memwatch::preload
