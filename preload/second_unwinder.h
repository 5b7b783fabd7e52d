// The libunwind module as the shim uses it: instead of the built-in walker, or as its judge.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/thread_ring.h"
#include "preload/walk_stack.h"

namespace memwatch::preload {

enum class Unwinder : std::uint8_t {
  builtin,
  libunwind,  // the module's stacks, the built-in walker's where it finds none
  verify,     // the built-in walker's stacks, each compared with the module's
};

// Loads the module that lies beside the shim, if the options ask for it. Once, from the shim's
// constructor: stacks captured before that are the built-in walker's. Counts itself as missing
// (SegmentHeader::second_unwinder) when it cannot be loaded.
void load_second_unwinder();

// The module's function: a call site's pc and sp, room for frames; gives how many it wrote. Null:
// the built-in walker alone. Release in load_second_unwinder, acquire in capture_stack_as_asked.
using ModuleCapture = unsigned (*)(std::uintptr_t, std::uintptr_t, std::uint64_t*, unsigned);
extern std::atomic<ModuleCapture> g_module_capture;

// Is the module loaded and to be used? Any thread.
inline bool has_second_unwinder() {
  // Relaxed: only whether there is one; who uses it loads it again.
  return g_module_capture.load(std::memory_order_relaxed) != nullptr;
}

// The stack of a call site by the module, or by both; the node as capture_stack() returns it.
// Disagreements of `verify` are counted in the segment.
std::uint32_t capture_stack_as_asked(ThreadRing& ring, const CallSite& site);

}  // namespace memwatch::preload
