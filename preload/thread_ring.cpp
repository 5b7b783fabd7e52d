#include "preload/thread_ring.h"

#include "preload/backed_memory.h"
#include "preload/kernel.h"
#include "preload/process_state.h"
#include "preload/sandbox.h"
#include "preload/segment_memory.h"
#include "preload/thread_local_state.h"
#include "preload/twin_call.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

constexpr std::uint64_t kBackingStep = 4096;          // slots: 64 KiB at a time
constexpr std::uint64_t kPatienceNs = 1'000'000'000;  // a collector silent for longer is dead
constexpr std::uint32_t kMaxSlotsEver = 2048;
constexpr std::uint32_t kNobody =
    0x7fffffff;  // a thread id beyond Linux's largest: the slot is free
constexpr std::uint32_t kClaimEvery =
    1024;  // events that pass before a failed claim is tried again
constexpr std::uint32_t kBackEvery =
    1024;  // events that pass before memory that was refused is asked for again
static_assert(ordinary_geometry().slots <= kMaxSlotsEver);

// Private memory of each slot, kept when a slot changes its owner.
constinit std::atomic<ThreadRing*> g_rings[kMaxSlotsEver] = {};
constinit std::atomic<std::uint32_t> g_next_candidate{0};
// Slots whose rings have addresses: fewer once some were given back.
constinit std::atomic<std::uint32_t> g_slots_with_rings{kMaxSlotsEver};

ThreadSlot* thread_slot(std::uint32_t index) {
  return in_segment<ThreadSlot>(g_process.segment->geometry.slots_offset) + index;
}

// Takes over the slot of a thread that has ended, looking at a few candidates only: a thread's
// start must stay cheap, and a missed candidate merely costs another slot.
bool take_over_dead_slot(std::uint32_t tid, std::uint32_t candidates, std::uint32_t* index) {
  std::uint32_t used = g_process.segment->slots_used.load(std::memory_order_acquire);
  const std::uint32_t with_rings = g_slots_with_rings.load(std::memory_order_relaxed);
  if (used > with_rings) used = with_rings;
  if (used == 0) return false;
  for (std::uint32_t i = 0; i < candidates && i < used; ++i) {
    const std::uint32_t at = g_next_candidate.fetch_add(1, std::memory_order_relaxed) % used;
    ThreadSlot* slot = thread_slot(at);
    std::uint32_t owner = slot->owner_tid.load(std::memory_order_relaxed);
    if (owner == 0 || owner == tid || is_thread_alive(owner)) continue;
    // Acquire: what the previous owner wrote to its ring's private memory is ours now; it is dead,
    // so it wrote nothing later.
    if (slot->owner_tid.compare_exchange_strong(owner, tid, std::memory_order_acq_rel)) {
      *index = at;
      return true;
    }
  }
  return false;
}

bool take_new_slot(std::uint32_t tid, std::uint32_t* index) {
  SegmentHeader& header = *g_process.segment;
  const std::uint32_t with_rings = g_slots_with_rings.load(std::memory_order_relaxed);
  const std::uint32_t capacity =
      header.geometry.slots < with_rings ? header.geometry.slots : with_rings;
  std::uint32_t used = header.slots_used.load(std::memory_order_relaxed);
  do {
    if (used >= capacity) return false;
    if (!back_segment(thread_slot(used), sizeof(ThreadSlot))) return false;
    // Release: the slot's zeroes before its number; matched by the acquire in the collector.
  } while (!header.slots_used.compare_exchange_weak(used, used + 1, std::memory_order_seq_cst));
  // Sequentially consistent, as its partner in give_back_unused_rings: either that one sees this
  // slot or the new number is seen here.
  if (used >= g_slots_with_rings.load(std::memory_order_seq_cst)) {
    return false;  // without an owner it is nobody's for good
  }
  thread_slot(used)->owner_tid.store(tid, std::memory_order_release);
  *index = used;
  return true;
}

bool find_slot(std::uint32_t tid, std::uint32_t* index) {
  constexpr std::uint32_t kQuickLook = 4;
  return take_over_dead_slot(tid, kQuickLook, index) || take_new_slot(tid, index) ||
         take_over_dead_slot(tid, kMaxSlotsEver, index);
}

ThreadRing* private_part(std::uint32_t index) {
  ThreadRing* ring = g_rings[index].load(std::memory_order_acquire);
  if (ring == nullptr) {
    ring = static_cast<ThreadRing*>(map_private(sizeof(ThreadRing)));
    g_rings[index].store(ring, std::memory_order_release);
  }
  if (ring == nullptr || ring->slots != nullptr) return ring;
  const Geometry& geometry = g_process.segment->geometry;
  ring->index = index;
  ring->shared = thread_slot(index);
  ring->slots = in_segment<Slot>(ring_offset(geometry, index));
  ring->mask = ring_slots(geometry, index) - 1;
  ring->tail = ring->shared->published.load(std::memory_order_relaxed);
  ring->limit = ring->tail;
  return ring;
}

void write_thread_record(ThreadRing& ring) {
  std::uint64_t name[2] = {};
  read_thread_name(name);
  put(ring, encode_extended_header(RecordType::thread, 3), ring.tid);
  put(ring, ring.sequenced, name[0]);
  put(ring, name[1], 0);
  publish(ring);
}

void go_idle() {
  SegmentHeader& header = *g_process.segment;
  const std::uint32_t before =
      header.control.exchange(static_cast<std::uint32_t>(Control::idle), std::memory_order_relaxed);
  // One that was idle but for a watch has lost no more than the watch.
  if (before != static_cast<std::uint32_t>(Control::idle_watched)) {
    header.gave_up.fetch_add(1, std::memory_order_relaxed);
  }
  if (!is_sandboxed()) end_twin();  // of one that was killed in the middle of a leak check
}

// A process that drops does not wait, so it looks now and then whether there is still a collector
// to drop for.
void look_for_collector(ThreadRing& ring) {
  constexpr std::uint32_t kEvery = 256;
  if (++ring.drops % kEvery != 0 || is_sandboxed()) return;
  const std::uint64_t beat = g_process.segment->heartbeat_ms.load(std::memory_order_relaxed);
  const std::uint64_t now = monotonic_ms();
  if (beat != ring.last_beat || ring.last_beat_seen_ms == 0) {
    ring.last_beat = beat;
    ring.last_beat_seen_ms = now;
  } else if (now - ring.last_beat_seen_ms >= kPatienceNs / 1'000'000) {
    go_idle();
  }
}

// Relaxed, and no read-modify-write: this thread is the only writer, the reader wants a number.
template <typename Counter>
void count_one(Counter& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void note_unwatched(ThreadSlot& slot, Urgency urgency) {
  count_one(urgency == Urgency::deallocation ? slot.unwatched_frees : slot.unwatched_allocations);
}

void count_dropped(ThreadRing& ring, Urgency urgency) {
  const auto mode =
      static_cast<Control>(g_process.segment->control.load(std::memory_order_relaxed));
  // A watch misses the free of a block that was sampled too; other records are not for it.
  if (mode != without_watch(mode) && urgency == Urgency::deallocation) {
    note_unwatched(*ring.shared, urgency);
  }
  if (mode == Control::idle_watched) return;
  count_one(urgency == Urgency::deallocation ? ring.shared->dropped_frees
                                             : ring.shared->dropped_allocations);
}

bool back_next_step(ThreadRing& ring) {
  const std::uint64_t capacity = ring.mask + 1;
  if (is_sandboxed()) return ring.backed >= capacity || ring.tail + kMaxRecordSlots <= ring.backed;
  while (ring.backed < capacity && ring.tail + kMaxRecordSlots > ring.backed) {
    // Each question is a system call, and a program that allocates asks without end.
    if (ring.until_backing > 0) {
      --ring.until_backing;
      return false;
    }
    const std::uint64_t step =
        capacity - ring.backed < kBackingStep ? capacity - ring.backed : kBackingStep;
    if (!back_segment(ring.slots + ring.backed, step * sizeof(Slot))) {
      ring.until_backing = kBackEvery;
      return false;
    }
    ring.backed += step;
  }
  return true;
}

// Moves the limit as far as consumer and memory allow. False: not enough room now.
bool refresh_limit(ThreadRing& ring, Urgency urgency) {
  const std::uint64_t capacity = ring.mask + 1;
  // Acquire: the collector has read these slots, so they may be overwritten.
  std::uint64_t consumed = ring.shared->consumed.load(std::memory_order_acquire);
  if (consumed > ring.tail) consumed = ring.tail;  // nonsense in shared memory harms nobody
  if (ring.tail - consumed > capacity) return false;
  std::uint64_t end = consumed + capacity;
  const bool drops = g_process.segment->on_full.load(std::memory_order_relaxed) ==
                     static_cast<std::uint32_t>(OnFull::drop);
  if (drops && urgency == Urgency::ordinary) end -= capacity / 10;
  if (end < ring.tail + kMaxRecordSlots) return false;
  if (ring.backed < capacity && end > ring.backed) end = ring.backed;
  ring.limit = end;
  return end >= ring.tail + kMaxRecordSlots;
}

// Where somebody else overwrote the position, the collector would have nothing to read and this
// thread would wait for it. Everything before the tail is whole when room is asked for.
void publish_again(ThreadRing& ring) {
  if (ring.shared->published.load(std::memory_order_relaxed) != ring.tail) publish(ring);
}

// The same without a system call, which could end a sandboxed program: spins, and takes the
// collector for dead when its heart has not beaten for as many turns as take about a second.
bool spin_for_room(ThreadRing& ring, Urgency urgency) {
  constexpr std::uint32_t kPatience = 20'000'000;  // pauses of 40 to 140 cycles
  SegmentHeader& header = *g_process.segment;
  std::uint64_t last_beat = header.heartbeat_ms.load(std::memory_order_relaxed);
  for (std::uint32_t silent = 0; silent < kPatience; ++silent) {
    pause_processor();
    publish_again(ring);
    if (refresh_limit(ring, urgency)) return true;
    if (header.control.load(std::memory_order_relaxed) ==
        static_cast<std::uint32_t>(Control::idle)) {
      return false;
    }
    const std::uint64_t beat = header.heartbeat_ms.load(std::memory_order_relaxed);
    if (beat != last_beat) silent = 0;
    last_beat = beat;
  }
  go_idle();
  return false;
}

// Waits for the collector, but never for a dead one: after a second of waiting in which its heart
// did not beat, the process goes idle, and another collector may take over. Counted in time spent
// here, not by the clock: both may have been stopped together (Ctrl-Z) and go on together.
bool wait_for_room(ThreadRing& ring, Urgency urgency) {
  if (is_sandboxed()) return spin_for_room(ring, urgency);
  SegmentHeader& header = *g_process.segment;
  std::uint64_t last_beat = header.heartbeat_ms.load(std::memory_order_relaxed);
  std::uint64_t silent_ns = 0;
  for (unsigned turn = 0;; ++turn) {
    const long pause_ns = turn < 64 ? 50'000 : 500'000;
    if (turn < 4) {
      yield();
    } else {
      sleep_ns(pause_ns);
      silent_ns += static_cast<std::uint64_t>(pause_ns);
    }
    publish_again(ring);
    if (refresh_limit(ring, urgency)) return true;
    if (header.control.load(std::memory_order_relaxed) ==
        static_cast<std::uint32_t>(Control::idle)) {
      return false;
    }
    const std::uint64_t beat = header.heartbeat_ms.load(std::memory_order_relaxed);
    if (beat != last_beat) {
      last_beat = beat;
      silent_ns = 0;
    }
    if (silent_ns >= kPatienceNs) {
      go_idle();
      return false;
    }
  }
}

bool find_room(ThreadRing& ring, Urgency urgency) {
  if (!back_next_step(ring)) return false;
  if (refresh_limit(ring, urgency)) return true;
  const bool blocks = g_process.segment->on_full.load(std::memory_order_relaxed) ==
                      static_cast<std::uint32_t>(OnFull::block);
  return blocks && wait_for_room(ring, urgency);
}

// A ring whose first record is written, or nullptr: all have living owners, or there is no memory.
ThreadRing* try_claim_ring() {
  const SignalsBlocked no_handler_sees_a_half_claimed_ring;
  const std::uint32_t tid = own_thread_id();
  std::uint32_t index = 0;
  if (!find_slot(tid, &index)) return nullptr;
  ThreadRing* ring = private_part(index);
  if (ring != nullptr) ring->until_backing = 0;
  if (ring == nullptr || !find_room(*ring, Urgency::ordinary)) {
    thread_slot(index)->owner_tid.store(kNobody, std::memory_order_release);
    return nullptr;
  }
  // The first ring of a process starts without sequence numbers. Any other switches them on for
  // everybody before its own first event. Whoever has not seen the switch yet cannot have anything
  // to do with a block of this thread: passing a block on synchronises, in the program or in
  // malloc.
  if (index != 0) g_process.sequenced.store(1, std::memory_order_seq_cst);
  ring->tid = tid;
  ring->sequenced = g_process.sequenced.load(std::memory_order_relaxed);
  ring->shared->sequenced.store(ring->sequenced, std::memory_order_relaxed);
  start_stacks(ring->stacks);
  ring->memo.depth = 0;
  ring->seen_epoch = 0;
  write_thread_record(*ring);
  return ring;
}

}  // namespace

bool make_room_slow(ThreadRing& ring, Urgency urgency) {
  if (find_room(ring, urgency)) return true;
  count_dropped(ring, urgency);
  look_for_collector(ring);
  return false;
}

void count_unwatched(ThreadRing& ring, Urgency urgency) {
  note_unwatched(*ring.shared, urgency);
  look_for_collector(ring);
}

ThreadRing* claim_ring() {
  if (is_sandboxed()) return nullptr;
  // A claim takes system calls, and what was missing a moment ago is still missing.
  if (t_state.events_before_claim > 0) {
    --t_state.events_before_claim;
    return nullptr;
  }
  ThreadRing* ring = try_claim_ring();
  if (ring == nullptr) t_state.events_before_claim = kClaimEvery;
  return ring;
}

void back_whole_ring(ThreadRing& ring) {
  const std::uint64_t capacity = ring.mask + 1;
  if (back_segment(ring.slots, capacity * sizeof(Slot))) ring.backed = capacity;
}

void give_back_unused_rings(std::uint64_t bytes) {
  constexpr std::uint32_t kLeast = 4;  // beyond those in use
  SegmentHeader& header = *g_process.segment;
  const Geometry& geometry = header.geometry;
  const std::uint32_t with_rings = g_slots_with_rings.load(std::memory_order_relaxed);
  const std::uint32_t before = geometry.slots < with_rings ? geometry.slots : with_rings;
  std::uint32_t used = header.slots_used.load(std::memory_order_relaxed);
  std::uint32_t keep = 0;
  do {
    keep = used + kLeast;
    while (keep < before && ring_offset(geometry, keep + 1) - geometry.rings_offset <= bytes) {
      ++keep;
    }
    if (keep >= before) {
      g_slots_with_rings.store(with_rings, std::memory_order_relaxed);
      return;
    }
    g_slots_with_rings.store(keep, std::memory_order_seq_cst);
    used = header.slots_used.load(std::memory_order_seq_cst);
  } while (used > keep);
  const std::uint64_t end =
      before < geometry.slots ? ring_offset(geometry, before) : geometry.segment_bytes;
  give_back_segment(in_segment<char>(ring_offset(geometry, keep)), in_segment<char>(end));
}

void forget_rings_in_child(bool keep_old) {
  for (auto& entry : g_rings) {
    ThreadRing* ring = entry.load(std::memory_order_relaxed);
    if (ring == nullptr) continue;
    entry.store(nullptr, std::memory_order_relaxed);
    if (!keep_old) unmap_memory(ring, sizeof *ring);  // nodes and positions are those of the parent
  }
  g_next_candidate.store(0, std::memory_order_relaxed);
  g_slots_with_rings.store(kMaxSlotsEver, std::memory_order_relaxed);
}

}  // namespace memwatch::preload
