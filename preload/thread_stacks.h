// The stacks a thread runs on, as far as they may be read. Its own stack stays mapped as long as
// the thread lives, so what was once found readable stays so; any other (a coroutine's, a signal
// handler's) may be unmapped and its addresses come back as something smaller, so it is looked at
// afresh whenever memory has gone since. Any thread, any signal handler; no lock, no allocation.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/readable_memory.h"

namespace memwatch::preload {

struct ThreadStacks {
  ReadableRange own;                  // low is the lowest address seen so far; empty: not seen yet
  ReadableRange other;                // the last one that was not its own
  std::uint32_t other_looked_at = 0;  // g_memory_gone at that time
};

// Counts up when memory may have been unmapped that somebody used as a stack. Relaxed throughout:
// the thread that runs on a new stack got its address from the one that freed the old, so it sees
// the count too.
extern std::atomic<std::uint32_t> g_memory_gone;

inline void note_memory_gone() {
  g_memory_gone.fetch_add(1, std::memory_order_relaxed);
}

// A freed block that may be unmapped at once: glibc maps large blocks on their own, and such a
// block starts 16 bytes into a page (or on one, where alignment was asked for).
inline bool may_be_unmapped(std::uint64_t block) {
  return (block & 0xfef) == 0;
}

// Before a block is freed or reallocated, in every mode: what is recorded later must not trust it.
inline void note_block_gone(const void* block) {
  if (may_be_unmapped(reinterpret_cast<std::uintptr_t>(block))) [[unlikely]] {
    note_memory_gone();
  }
}

// For the thread that claims a ring.
void start_stacks(ThreadStacks& stacks);

// The stack this pointer lies on: a copy to walk with.
ReadableRange stack_at(ThreadStacks& stacks, std::uintptr_t stack_pointer);

// What a walk that stayed on the stack has found out about it.
void keep_stack(ThreadStacks& stacks, const ReadableRange& walked);

// Looks ahead at the current stack, so that later walks need no system call: `bytes` below the
// pointer (growing the stack if need be) and as far above as it goes.
void look_ahead(ThreadStacks& stacks, std::uintptr_t stack_pointer, std::uintptr_t bytes);

}  // namespace memwatch::preload
