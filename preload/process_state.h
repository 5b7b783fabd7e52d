// What the shim knows about this process, on pages the kernel clears in a forked child: whatever
// way the child was made (fork, clone, a libc-internal fork), its first event finds `phase` at zero
// and makes a new identity before it records anything. Read on every event, written at start-up.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/processor.h"
#include "shared/segment_layout.h"

namespace memwatch::preload {

enum class Phase : std::uint32_t {
  unborn = 0,    // nothing is set up: first event of the program, or of a forked child
  starting = 1,  // one thread is setting up
  ready = 2,     // `segment` is mapped
  off = 3,       // no recording in this process
  failing = 4,   // as ready, and calls are made to fail (inject_failures.h)
};

struct alignas(kPageAlignment) ProcessState {  // a page of its own: sizeof is a multiple of it
  std::atomic<Phase> phase;  // release when set to ready, acquire in is_recording (record.h)
  std::atomic<std::uint32_t> sequenced;  // 1: a second ring is in use, events take sequence numbers
  protocol::SegmentHeader* segment;
  std::uint32_t pid;
  std::uint64_t peak_rss_before;  // of what the process was before an exec; bytes
  // While calls are made to fail: how many the conditions counted, and what may still be allocated
  // before the live heap has to be asked for.
  std::atomic<std::uint64_t> counted_calls;
  std::atomic<std::uint64_t> heap_left;
  char own_path[128];  // of the segment

  [[nodiscard]] char* base() const { return reinterpret_cast<char*>(segment); }
};

static_assert(sizeof(ProcessState) == kPageAlignment);

// Made wipe-on-fork at start-up.
extern ProcessState g_process;

inline bool is_ready() {
  const Phase phase = g_process.phase.load(std::memory_order_acquire);
  return phase == Phase::ready || phase == Phase::failing;
}

// Asks the kernel to clear g_process in forked children. False where it cannot (before Linux 4.14):
// then only fork() through libc's symbol is noticed.
bool clear_process_state_on_fork();

template <typename T>
T* in_segment(std::uint64_t offset) {
  return reinterpret_cast<T*>(g_process.base() + offset);
}

}  // namespace memwatch::preload
