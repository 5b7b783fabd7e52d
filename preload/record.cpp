#include "preload/record.h"

#include <errno.h>

#include <atomic>

#include "preload/capture_stack.h"
#include "preload/flight_recorder.h"
#include "preload/give_back.h"
#include "preload/sampled_blocks.h"
#include "preload/sampler.h"
#include "preload/thread_ring.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

std::uint64_t address_of(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block);
}

// The ring for events at this depth of interruption; nullptr: none to be had.
ThreadRing* ring_at(std::uint32_t depth) {
  if (depth >= kMaxDepth) return nullptr;
  ThreadRing* ring = t_state.rings[depth];
  if (ring == nullptr) [[unlikely]] {
    ring = claim_ring();
    t_state.rings[depth] = ring;
    if (depth == 0 && ring != nullptr) t_state.idle_counters = ring->shared;
  }
  return ring;
}

std::uint32_t enter() {
  const std::uint32_t depth_before = t_state.depth;
  t_state.depth = depth_before + 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // a handler from here on uses another ring
  return depth_before;
}

// Restores instead of decrementing: a fork in a handler may have reset the depth meanwhile.
void leave(std::uint32_t depth_before) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_state.depth = depth_before;
}

// One event's stay in the recorder: holds the thread's ring for this depth.
class Recording {
 public:
  Recording() : depth_before_(enter()), ring_(ring_at(depth_before_)) {}
  ~Recording() { leave(depth_before_); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // nullptr: no ring to be had; the caller counts the loss.
  [[nodiscard]] ThreadRing* ring() const { return ring_; }

 private:
  std::uint32_t depth_before_;
  ThreadRing* ring_;
};

Control mode() {
  // Relaxed: a change of mode takes effect within an event or two.
  return static_cast<Control>(g_process.segment->control.load(std::memory_order_relaxed));
}

bool is_large(std::size_t size) {
  return size >= g_process.segment->large_bytes.load(std::memory_order_relaxed);
}

bool is_idle(Control mode) {
  return without_watch(mode) == Control::idle;
}
bool is_watched(Control mode) {
  return mode != without_watch(mode);
}

// `tells_watch_alone`: a sample would have passed it over.
void count_without_ring(Urgency urgency, bool tells_watch_alone = false) {
  const Control now = mode();
  if (now == Control::idle) return;  // nobody is recording, so nothing is lost
  SegmentHeader& header = *g_process.segment;
  const bool goes = urgency == Urgency::deallocation;
  if (is_watched(now)) {
    (goes ? header.unwatched_frees : header.unwatched_allocations)
        .fetch_add(1, std::memory_order_relaxed);
    if (tells_watch_alone || is_idle(now)) return;
  }
  (goes ? header.dropped_frees : header.dropped_allocations)
      .fetch_add(1, std::memory_order_relaxed);
}

// The marks that must precede a record: a new epoch, the first number.
[[gnu::noinline]] bool mark_changes(ThreadRing& ring, Urgency urgency, std::uint64_t epoch,
                                    bool starts_sequence) {
  if (epoch != ring.seen_epoch) {
    ring.seen_epoch = epoch;
    give_back_if_asked(t_state.depth);
    put(ring, encode_extended_header(RecordType::epoch, 1), epoch);
  }
  if (starts_sequence) {
    ring.sequenced = 1;
    ring.shared->sequenced.store(1, std::memory_order_relaxed);
    put(ring, encode_extended_header(RecordType::sequenced, 1), 0);
  }
  return make_room(ring, urgency);
}

// Room for a record, with what must precede it. False: dropped and counted.
inline bool prepare(ThreadRing& ring, Urgency urgency) {
  if (!make_room(ring, urgency)) [[unlikely]] {
    return false;
  }
  const std::uint64_t epoch = g_process.segment->epoch.load(std::memory_order_relaxed);
  const bool starts_sequence =
      ring.sequenced == 0 && g_process.sequenced.load(std::memory_order_relaxed) != 0;
  if (epoch == ring.seen_epoch && !starts_sequence) [[likely]] {
    return true;
  }
  return mark_changes(ring, urgency, epoch, starts_sequence);
}

// The same for what a watch alone wants to know: the last quarter of a ring that drops is left to
// what the mode itself tells. `urgency` says what is counted as missed.
bool prepare_for_watch(ThreadRing& ring, Urgency urgency) {
  const std::uint64_t filled = ring.tail - ring.shared->consumed.load(std::memory_order_relaxed);
  const bool drops = g_process.segment->on_full.load(std::memory_order_relaxed) ==
                     static_cast<std::uint32_t>(OnFull::drop);
  if (drops && filled > (ring.mask + 1) / 4 * 3) {
    count_unwatched(ring, urgency);
    return false;
  }
  if (prepare(ring, urgency)) return true;
  if (urgency == Urgency::ordinary) count_unwatched(ring, urgency);  // a free was counted there
  return false;
}

// The next number of a shard. What releases a block or pages inside the real call takes one always:
// a second thread may come up meanwhile and be given them. Relaxed: malloc's own locking
// orders two threads' events on one address, and a single atomic's modifications are totally
// ordered.
std::uint32_t take_number(std::uint32_t shard) {
  Shard* shards = in_segment<Shard>(g_process.segment->geometry.shards_offset);
  return shards[shard].next.fetch_add(1, std::memory_order_relaxed) & kSequenceMask;
}

// The same for events that need no order as long as the process has a single ring: then 0.
std::uint32_t take_sequence(const ThreadRing& ring, std::uint32_t shard) {
  return ring.sequenced == 0 ? 0 : take_number(shard);
}

void put_allocation(ThreadRing& ring, Function function, std::uint64_t address, std::uint64_t size,
                    std::uint32_t stack) {
  const std::uint32_t sequence = take_sequence(ring, shard_of(address));
  if (fits_short(address, size)) [[likely]] {
    const Slot slot = encode_short(function, address, size, stack, sequence);
    put(ring, slot.word0, slot.word1);
  } else {
    put(ring, encode_extended_header(RecordType::allocation, 3), address);
    put(ring, size, pack_stack(stack, function));
    put(ring, sequence, 0);
  }
  publish(ring);
}

void put_long_deallocation(ThreadRing& ring, Function function, std::uint64_t address,
                           std::uint64_t sequence_and_flags) {
  put(ring, encode_extended_header(RecordType::free, 2), address);
  put(ring, static_cast<std::uint64_t>(function), sequence_and_flags);
  publish(ring);
}

void put_deallocation(ThreadRing& ring, Function function, std::uint64_t address,
                      std::uint32_t sequence) {
  if (fits_short(address, 0)) [[likely]] {
    const Slot slot = encode_short(function, address, 0, 0, sequence);
    put(ring, slot.word0, slot.word1);
    publish(ring);
  } else {
    put_long_deallocation(ring, function, address, sequence);
  }
}

// `error`: the number, with kFailureInjected in the high half.
void put_failure(ThreadRing& ring, Function function, std::size_t requested, std::uint64_t error,
                 std::uint32_t stack, std::uint64_t old_block, std::uint32_t old_sequence) {
  put(ring, encode_extended_header(RecordType::failure, 3), requested);
  put(ring, pack_stack(stack, function), error);
  put(ring, old_block, old_sequence);
  publish(ring);
}

std::uint64_t word_of(int error_number) {
  return static_cast<std::uint32_t>(error_number);
}

// Records of pages take the mapping shard's numbers.
void put_pages(ThreadRing& ring, RecordType type, std::uint64_t first, std::uint64_t second,
               std::uint64_t stack_and_function) {
  const std::uint32_t sequence = take_sequence(ring, kMappingShard);
  put(ring, encode_extended_header(type, 3), first);
  put(ring, second, stack_and_function);
  put(ring, sequence, 0);
  publish(ring);
}

void record_idle_allocation(ThreadRing& ring, Function function, const void* block,
                            std::size_t size, const CallSite& site) {
  count_idle_allocation(ring, size);
  if (is_large(size)) {
    record_flight(function, address_of(block), size, 0, capture_stack(ring, site), ring.tid);
  }
}

// Samples less often while the ring is more than half full, and as often as asked when it has
// emptied.
void adapt_to_fill(const ThreadRing& ring) {
  const std::uint64_t capacity = ring.mask + 1;
  const std::uint64_t filled = ring.tail - ring.shared->consumed.load(std::memory_order_relaxed);
  if (filled > capacity / 2) sample_less();
  if (filled < capacity / 8) sample_more();
}

[[gnu::noinline]] void record_sampled_allocation(ThreadRing& ring, Function function,
                                                 const void* block, std::size_t size, bool moved,
                                                 const CallSite& site) {
  std::uint64_t interval = 0;
  const Draw draw = draw_sample(size, &interval);
  if (draw == Draw::passed_over) return;
  const std::uint64_t address = address_of(block);
  adapt_to_fill(ring);
  if (!add_sampled_block(address)) {
    sample_less();
    g_process.segment->dropped_allocations.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::uint32_t stack = capture_stack(ring, site);
  if (!prepare(ring, Urgency::ordinary)) {
    remove_sampled_block(address);
    return;
  }
  const std::uint32_t sequence = take_sequence(ring, shard_of(address));
  put(ring, encode_extended_header(RecordType::sample, 3), address);
  put(ring, size, pack_stack(stack, function));
  const std::uint64_t flags = moved ? kSampleMoved << 32 : 0;
  put(ring, sequence | flags, draw == Draw::always ? 0 : interval);
  publish(ring);
}

// What the mode makes of an allocation, and the watch's record besides.
[[gnu::noinline]] void record_watched_allocation(ThreadRing& ring, Control now, Function function,
                                                 const void* block, std::size_t size,
                                                 const CallSite& site) {
  if (now == Control::idle_watched) {
    record_idle_allocation(ring, function, block, size, site);
  } else {
    record_sampled_allocation(ring, function, block, size, false, site);
  }
  const std::uint32_t stack = capture_stack(ring, site);
  if (!prepare_for_watch(ring, Urgency::ordinary)) return;
  put_allocation(ring, function, address_of(block), size, stack);
}

void record_idle_failure(ThreadRing& ring, Function function, std::size_t requested,
                         int error_number, const CallSite& site) {
  record_flight(function, 0, requested, error_number, capture_stack(ring, site), ring.tid);
}

}  // namespace

bool is_recording_slow(Phase phase) {
  if (phase == Phase::failing) return true;
  if (phase == Phase::off) return false;
  start_process_slow();
  return is_ready();
}

void record_allocation(Function function, const void* block, std::size_t size,
                       const CallSite& site) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  const Control now = mode();
  if (ring == nullptr) [[unlikely]] {
    const bool tells_watch_alone = now == Control::sample_watched && is_passed_over(size);
    return count_without_ring(Urgency::ordinary, tells_watch_alone);
  }
  if (now != Control::exact) [[unlikely]] {
    if (is_watched(now)) return record_watched_allocation(*ring, now, function, block, size, site);
    if (now == Control::idle) return record_idle_allocation(*ring, function, block, size, site);
    return record_sampled_allocation(*ring, function, block, size, false, site);
  }
  const std::uint32_t stack = capture_stack(*ring, site);
  if (!prepare(*ring, Urgency::ordinary)) return;
  put_allocation(*ring, function, address_of(block), size, stack);
}

void record_deallocation(Function function, const void* block) {
  note_block_gone(block);
  const Recording recording;
  ThreadRing* ring = recording.ring();
  const std::uint64_t address = address_of(block);
  if (ring == nullptr) [[unlikely]] {
    return count_without_ring(Urgency::deallocation, !may_be_sampled(address));
  }
  const Control now = mode();
  if (now != Control::exact && is_idle(now)) [[unlikely]] {
    count_idle_free(*ring);
    if (now == Control::idle) return;
  }
  // Also in exact mode: a block that was sampled before may be freed now.
  if (!remove_sampled_block(address) && now != Control::exact) {
    if (now == Control::sample || !prepare_for_watch(*ring, Urgency::deallocation)) return;
  } else if (!prepare(*ring, Urgency::deallocation)) {
    return;
  }
  put_deallocation(*ring, function, address, take_sequence(*ring, shard_of(address)));
}

void record_failure(Function function, std::size_t requested, int error_number,
                    const CallSite& site) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr) [[unlikely]] {
    return count_without_ring(Urgency::ordinary);
  }
  if (is_idle(mode())) {
    return record_idle_failure(*ring, function, requested, error_number, site);
  }
  const std::uint32_t stack = capture_stack(*ring, site);
  if (!prepare(*ring, Urgency::ordinary)) return;
  put_failure(*ring, function, requested, word_of(error_number), stack, 0, 0);
}

// Only in exact mode; a block that was to be reallocated is not mentioned, since nothing was done
// with it.
void record_injected_failure(Function function, std::size_t requested, const CallSite& site) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr) return count_without_ring(Urgency::ordinary);
  const std::uint32_t stack = capture_stack(*ring, site);
  if (!prepare(*ring, Urgency::ordinary)) return;
  put_failure(*ring, function, requested, word_of(ENOMEM) | kFailureInjected << 32, stack, 0, 0);
}

Judgement::Judgement() : depth_before_(enter()), ring_(ring_at(depth_before_)) {}

Judgement::~Judgement() {
  leave(depth_before_);
}

std::uint32_t Judgement::stack(const CallSite& site) const {
  return ring_ != nullptr ? capture_stack(*ring_, site) : 0;
}

Reallocation::Reallocation(const void* old_block)
    : ring_(nullptr), old_block_(address_of(old_block)), depth_before_(enter()) {
  note_block_gone(old_block);  // a large one is moved or shrunk in place
  ring_ = ring_at(depth_before_);
  if (ring_ == nullptr) return;
  mode_ = mode();
  if (mode_ == Control::idle) return;
  was_sampled_ = remove_sampled_block(old_block_);
  if (mode_ == Control::sample && !was_sampled_) return;
  const bool tells_watch_alone = is_watched(mode_) && !was_sampled_;
  // The room is made now, because a sequence number that was taken must be told.
  if (tells_watch_alone ? !prepare_for_watch(*ring_, Urgency::deallocation)
                        : !prepare(*ring_, Urgency::deallocation)) {
    return;
  }
  old_sequence_ = take_number(shard_of(old_block_));
  recorded_ = true;
}

Reallocation::~Reallocation() {
  leave(depth_before_);
}

void Reallocation::succeeded(Function function, const void* block, std::size_t size,
                             const CallSite& site) {
  if (ring_ == nullptr) {
    count_without_ring(Urgency::deallocation);
    return count_without_ring(Urgency::ordinary);
  }
  if (mode_ == Control::idle) {
    count_idle_free(*ring_);
    return record_idle_allocation(*ring_, function, block, size, site);
  }
  if (mode_ == Control::sample) {
    if (recorded_) put_long_deallocation(*ring_, function, old_block_, moved_away());
    return record_sampled_allocation(*ring_, function, block, size, true, site);
  }
  if (!recorded_ && !is_watched(mode_)) return count_without_ring(Urgency::ordinary);
  if (!recorded_) {
    count_unwatched(*ring_, Urgency::ordinary);
  } else {
    put_reallocation(function, block, size, site);
  }
  if (mode_ == Control::exact) return;
  if (mode_ == Control::sample_watched) {
    return record_sampled_allocation(*ring_, function, block, size, true, site);
  }
  count_idle_free(*ring_);
  record_idle_allocation(*ring_, function, block, size, site);
}

void Reallocation::put_reallocation(Function function, const void* block, std::size_t size,
                                    const CallSite& site) {
  const std::uint64_t address = address_of(block);
  const std::uint32_t stack = capture_stack(*ring_, site);
  const std::uint32_t sequence = take_number(shard_of(address));
  put(*ring_, encode_extended_header(RecordType::reallocation, 3), old_block_);
  put(*ring_, address, size);
  put(*ring_, pack_stack(stack, function),
      old_sequence_ | (static_cast<std::uint64_t>(sequence) << 32));
  publish(*ring_);
}

void Reallocation::failed(Function function, std::size_t requested, int error_number,
                          const CallSite& site) {
  if (ring_ == nullptr) return count_without_ring(Urgency::ordinary);
  if (is_idle(mode_)) {
    record_idle_failure(*ring_, function, requested, error_number, site);
    // A number that was taken is told.
    if (recorded_) {
      put_failure(*ring_, function, requested, word_of(error_number), 0, old_block_, old_sequence_);
    }
    return;
  }
  // The old block lives on. Its place may have been taken meanwhile: then its free goes by unseen.
  if (was_sampled_) add_sampled_block(old_block_);
  if (!recorded_) {
    if (mode_ != Control::exact) put_failure_alone(function, requested, error_number, site);
    return;
  }
  put_failure(*ring_, function, requested, word_of(error_number), capture_stack(*ring_, site),
              old_block_, old_sequence_);
}

// A failure whose old block was not sampled: no number was taken, so none is told.
void Reallocation::put_failure_alone(Function function, std::size_t requested, int error_number,
                                     const CallSite& site) {
  const std::uint32_t stack = capture_stack(*ring_, site);
  if (!prepare(*ring_, Urgency::ordinary)) return;
  put_failure(*ring_, function, requested, word_of(error_number), stack, 0, 0);
}

std::uint64_t Reallocation::moved_away() const {
  return old_sequence_ | (kFreedByMoving << 32);
}

void Reallocation::freed(Function function) {
  if (ring_ == nullptr) return count_without_ring(Urgency::deallocation);
  if (is_idle(mode_)) count_idle_free(*ring_);
  if (!recorded_) return;
  // Always the long form: a short record with realloc's name is an allocation.
  put_long_deallocation(*ring_, function, old_block_, old_sequence_);
}

void record_map(Function function, const void* address, std::size_t length, const CallSite& site) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr) return count_without_ring(Urgency::ordinary);
  if (is_idle(mode())) return;
  const std::uint32_t stack = capture_stack(*ring, site);
  if (!prepare(*ring, Urgency::ordinary)) return;
  put_pages(*ring, RecordType::map, address_of(address), length, pack_stack(stack, function));
}

void record_break(Function function, const void* old_break, const void* new_break,
                  const CallSite& site) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr) return count_without_ring(Urgency::ordinary);
  if (is_idle(mode())) return;
  const std::uint32_t stack = capture_stack(*ring, site);
  if (!prepare(*ring, Urgency::ordinary)) return;
  put_pages(*ring, RecordType::brk, address_of(old_break), address_of(new_break),
            pack_stack(stack, function));
}

PageRelease::PageRelease() : ring_(nullptr), depth_before_(enter()) {
  ring_ = ring_at(depth_before_);
  if (ring_ == nullptr) count_without_ring(Urgency::deallocation);
  if (ring_ == nullptr || is_idle(mode())) return;
  if (!prepare(*ring_, Urgency::deallocation)) return;
  sequence_ = take_number(kMappingShard);
  recorded_ = true;
}

PageRelease::~PageRelease() {
  leave(depth_before_);
}

void PageRelease::unmapped(const void* address, std::size_t length, bool failed,
                           const CallSite& site) {
  if (!recorded_) return;
  const std::uint32_t stack = capture_stack(*ring_, site);
  put(*ring_, encode_extended_header(RecordType::unmap, 3), address_of(address));
  put(*ring_, length, pack_stack(stack, Function::munmap_));
  put(*ring_, sequence_, failed ? 1 : 0);
  publish(*ring_);
}

void PageRelease::remapped(const void* old_address, std::size_t old_length, const void* address,
                           std::size_t length, bool failed, const CallSite& site) {
  if (!recorded_) return;
  const std::uint32_t stack = capture_stack(*ring_, site);
  const std::uint32_t after = take_number(kMappingShard);
  put(*ring_, encode_extended_header(RecordType::remap, 4), address_of(old_address));
  put(*ring_, old_length, address_of(address));
  put(*ring_, length, pack_stack(stack, Function::mremap_));
  put(*ring_, sequence_ | (static_cast<std::uint64_t>(after) << 32), failed ? 1 : 0);
  publish(*ring_);
}

void record_fork(std::uint64_t token) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr || is_idle(mode()) || !prepare(*ring, Urgency::ordinary)) return;
  put(*ring, encode_extended_header(RecordType::fork, 1), token);
  publish(*ring);
}

void record_child(std::uint32_t pid, int status) {
  if (!is_recording()) return;
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr || is_idle(mode()) || !prepare(*ring, Urgency::ordinary)) return;
  put(*ring, encode_extended_header(RecordType::child, 2), pid);
  put(*ring, static_cast<std::uint32_t>(status), 0);
  publish(*ring);
}

bool record_query(std::uint32_t number) {
  const Recording recording;
  ThreadRing* ring = recording.ring();
  if (ring == nullptr || is_idle(mode()) || !prepare(*ring, Urgency::ordinary)) {
    return false;
  }
  put(*ring, encode_extended_header(RecordType::query, 1), number);
  publish(*ring);
  return true;
}

}  // namespace memwatch::preload
