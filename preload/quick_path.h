// Decides in a few instructions that a call needs no record: nearly all of them in sample and idle
// mode. Any thread, any signal handler, any moment; in a forked child that has no identity yet
// (g_process is wiped) everything does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/process_state.h"
#include "preload/processor.h"
#include "preload/sampled_blocks.h"
#include "preload/sampler.h"
#include "preload/thread_local_state.h"
#include "preload/thread_stacks.h"

namespace memwatch::preload {

// An allocation of this size. True: it is counted, and nothing more is to be done unless it fails.
// False: the hook has to record it.
inline bool needs_no_record(std::size_t size) {
  protocol::SegmentHeader* segment = g_process.segment;
  if (segment == nullptr) [[unlikely]] {
    return false;
  }
  // Relaxed: a change of mode takes effect within an event or two.
  const std::uint32_t mode = segment->control.load(std::memory_order_relaxed);
  if (protocol::wants_every_event(mode)) return false;
  if (mode == static_cast<std::uint32_t>(protocol::Control::sample)) return is_passed_over(size);
  protocol::ThreadSlot* counters = t_state.idle_counters;
  if (counters == nullptr || t_state.passing_through != 0 ||
      size >= segment->large_bytes.load(std::memory_order_relaxed)) [[unlikely]] {
    return false;
  }
  unlocked_add(counters->idle_allocations, 1);
  unlocked_add(counters->idle_bytes, size);
  return true;
}

// After the real function has failed all the same: it was no allocation.
inline void take_back_count(std::size_t size) {
  protocol::SegmentHeader* segment = g_process.segment;
  const bool counted = segment != nullptr && t_state.idle_counters != nullptr &&
                       segment->control.load(std::memory_order_relaxed) ==
                           static_cast<std::uint32_t>(protocol::Control::idle);
  if (!counted) return;
  unlocked_add(t_state.idle_counters->idle_allocations, ~std::uint64_t{0});
  unlocked_add(t_state.idle_counters->idle_bytes, ~static_cast<std::uint64_t>(size) + 1);
}

// The same of a free.
inline bool free_needs_no_record(const void* block) {
  protocol::SegmentHeader* segment = g_process.segment;
  if (segment == nullptr) [[unlikely]] {
    return false;
  }
  const std::uint32_t mode = segment->control.load(std::memory_order_relaxed);
  if (protocol::wants_every_event(mode)) return false;
  if (mode == static_cast<std::uint32_t>(protocol::Control::sample)) {
    if (may_be_sampled(reinterpret_cast<std::uintptr_t>(block))) return false;
    note_block_gone(block);
    return true;
  }
  protocol::ThreadSlot* counters = t_state.idle_counters;
  if (counters == nullptr || t_state.passing_through != 0) [[unlikely]] {
    return false;
  }
  note_block_gone(block);  // record_deallocation() does so otherwise
  unlocked_add(counters->idle_frees, 1);
  return true;
}

}  // namespace memwatch::preload
