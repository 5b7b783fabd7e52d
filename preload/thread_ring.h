// The calling thread's place in the segment: a ring it alone writes, and the private memory that
// goes with it. One thread uses several rings only when a signal handler allocates while a hook of
// the same thread is at work: the handler's events go to the next ring, so no ring is ever written
// by two interleaved writers (see record.h).
//
// Rings are found, never given back: a thread that ends leaves its ring behind, and the next thread
// in need takes over a ring whose owner the kernel no longer knows. So nothing has to run at thread
// exit, and events of the last destructor are recorded like any other.
#pragma once

#include <cstdint>

#include "preload/stack_memo.h"
#include "preload/thread_stacks.h"
#include "shared/segment_layout.h"

namespace memwatch::preload {

struct ThreadRing {
  // Hot: one cache line.
  std::uint64_t tail;   // next slot to write
  std::uint64_t limit;  // tail may advance to here without looking at the consumer
  protocol::Slot* slots;
  std::uint64_t mask;
  protocol::ThreadSlot* shared;
  std::uint64_t seen_epoch;
  std::uint32_t sequenced;
  std::uint32_t index;
  // Cold.
  std::uint64_t backed;  // slots certain to have memory behind them, during the first lap
  std::uint32_t tid;
  std::uint32_t until_backing;      // events before memory that was refused is asked for again
  std::uint32_t drops;              // since the ring was claimed
  std::uint64_t last_beat;          // of the collector, as seen when a record was dropped
  std::uint64_t last_beat_seen_ms;  // when it was first seen
  ThreadStacks stacks;
  StackMemo memo;
  NodeCache node_cache;
  std::uint64_t pcs[kMaxFrames];  // of a second unwinder
};

enum class Urgency : std::uint8_t {
  ordinary,
  deallocation,  // may use the last tenth of a ring that drops: a lost free is worse
};

// A ring for the calling thread, or nullptr (all rings have living owners, or no memory; tried
// again after a thousand calls). Its first record (the thread's name and id) is already written.
ThreadRing* claim_ring();

// Backs all of a ring's memory, so that no system call is needed for it later.
void back_whole_ring(ThreadRing& ring);

// Makes room for a record of up to kMaxRecordSlots. False: the record has to be dropped, and has
// been counted as dropped.
bool make_room_slow(ThreadRing& ring, Urgency urgency);

// A record that a watch alone wanted is missing.
void count_unwatched(ThreadRing& ring, Urgency urgency);

inline bool make_room(ThreadRing& ring, Urgency urgency) {
  if (ring.tail + protocol::kMaxRecordSlots <= ring.limit) [[likely]] {
    return true;
  }
  return make_room_slow(ring, urgency);
}

inline void put(ThreadRing& ring, std::uint64_t word0, std::uint64_t word1) {
  ring.slots[ring.tail & ring.mask] = protocol::Slot{word0, word1};
  ++ring.tail;
}

// Release: publishes every slot before the tail, and the stack nodes and modules they name; matched
// by the acquire load in collector/intake/tracked_process.
inline void publish(ThreadRing& ring) {
  ring.shared->published.store(ring.tail, std::memory_order_release);
}

// The addresses of rings that may never be needed go back to the program, which is about to limit
// its own: as many rings stay as fit in so many bytes, and some in any case. One thread at a time.
void give_back_unused_rings(std::uint64_t bytes);

// In a forked child, before it claims rings of its own: none of the parent's counts any more.
// `keep_old`: an interrupted hook still holds one, so their private memory is left alone for good.
void forget_rings_in_child(bool keep_old);

}  // namespace memwatch::preload
