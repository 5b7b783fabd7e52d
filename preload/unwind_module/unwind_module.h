// What libmemwatch_unwind.so offers the shim: stacks by libunwind, as a second opinion. A module of
// its own, loaded only when asked for, so that no target gets libunwind into its address space
// otherwise. Not signal-safe and not lock-free (libunwind asks the loader for its modules): for
// tests and for doubters, not for production.
#pragma once

#include <cstdint>

extern "C" {

// Writes the frames of the calling thread from the one that returns to `pc` with stack pointer `sp`
// outwards, at most `limit`; bit 63 marks frames interrupted by a signal. Returns their number; 0
// when that frame was not found.
unsigned memwatch_unwind_capture(std::uintptr_t pc, std::uintptr_t sp, std::uint64_t* pcs,
                                 unsigned limit);
}
