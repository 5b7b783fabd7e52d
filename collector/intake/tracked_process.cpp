#include "collector/intake/tracked_process.h"

#include <algorithm>
#include <cstring>

#include "collector/intake/wake.h"

namespace memwatch::intake {

using namespace protocol;

namespace {

Function function_in(std::uint64_t packed) {
  const std::uint64_t function = packed >> 32;
  return function < kFunctionCount ? static_cast<Function>(function) : Function::none;
}

std::uint32_t low(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}
std::uint32_t high(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}

bool is_heap_function(Function function) {
  return function != Function::none && static_cast<std::size_t>(function) < kFunctionCount &&
         !is_mapping(function);
}

Slot load(const Slot* slot) {
  Slot copy{};
  std::memcpy(&copy, slot, sizeof copy);
  return copy;
}

Control with_watch(model::Mode mode) {
  return mode == model::Mode::sample ? Control::sample_watched : Control::idle_watched;
}

// Rounds without progress, two to four milliseconds each, after which a number nobody tells is
// given up. Long, for a thread may be stopped that has taken one …
constexpr unsigned kMaxStalledRounds = 5000;
// … shorter where the target has said that there are such numbers, or where something was damaged
// already: then there may be thousands (somebody overwrites its rings, say), and each halves it.
constexpr unsigned kMaxStalledRoundsAfterJump = 100, kLeastStalledRounds = 10;
// Once there were many, many are stepped over at once: full rings whose records were overwritten
// hold thousands, and the target waits for room meanwhile.
constexpr unsigned kManyGaps = 6, kStepsAtOnce = 256;

}  // namespace

TrackedProcess::TrackedProcess(Segment segment, model::StackTable& table, std::string exe,
                               std::uint64_t large_threshold, bool attaching)
    : segment_(std::move(segment)),
      stacks_(segment_, table, std::move(exe)),
      live_(large_threshold),
      attaching_(attaching) {
  const auto* shards = segment_.at<Shard>(segment_.geometry().shards_offset);
  if (attaching) {
    for (std::uint32_t i = 0; i < kShards; ++i) {
      const auto next = shards[i].next.load(std::memory_order_relaxed) & kSequenceMask;
      if (next != 0) next_sequence(i) = next;
    }
    open_new_rings();
    gave_up_before_ = segment_.header().gave_up.load(std::memory_order_relaxed);
    children_before_ = intake::unrecorded_children(segment_.header(), {});
    for (const Ring& ring : rings_) {
      idle_allocations_before_ += ring.shared->idle_allocations.load(std::memory_order_relaxed);
      idle_frees_before_ += ring.shared->idle_frees.load(std::memory_order_relaxed);
      idle_bytes_before_ += ring.shared->idle_bytes.load(std::memory_order_relaxed);
    }
  }
  attaching_ = false;
}

void TrackedProcess::open_new_rings() {
  const Geometry& geometry = segment_.geometry();
  const std::uint32_t used =
      std::min(segment_.header().slots_used.load(std::memory_order_acquire), geometry.slots);
  while (rings_.size() < used) {
    const auto index = static_cast<std::uint32_t>(rings_.size());
    Ring ring;
    ring.shared = segment_.at<ThreadSlot>(geometry.slots_offset) + index;
    ring.slots = segment_.at<const Slot>(ring_offset(geometry, index));
    ring.mask = ring_slots(geometry, index) - 1;
    if (attaching_) {
      ring.position = ring.shared->published.load(std::memory_order_acquire);
      ring.shared->consumed.store(ring.position, std::memory_order_release);
      ring.sequenced = ring.shared->sequenced.load(std::memory_order_relaxed) != 0;
    } else {
      // Also a ring opened later starts at its beginning: nothing has been consumed from it.
      ring.position = ring.shared->consumed.load(std::memory_order_relaxed);
    }
    rings_.push_back(ring);
  }
}

// Only the first ring ever holds records without numbers. It is looked at last and drained first:
// whatever a numbered record on another ring builds on was published before it, so it is seen too.
void TrackedProcess::look_at_rings() {
  for (auto ring = rings_.rbegin(); ring != rings_.rend(); ++ring) {
    // Acquire: everything before the position is complete; matched by publish() in
    // preload/thread_ring.
    ring->available = ring->shared->published.load(std::memory_order_acquire);
  }
}

void TrackedProcess::route_records() {
  exact_ = live_.facts.mode == model::Mode::exact ? &live_ : watch_.get();
  is_sampled_ = live_.facts.mode == model::Mode::sample;
}

std::uint64_t TrackedProcess::drain() {
  open_new_rings();
  route_records();
  std::uint64_t total = 0;
  std::uint64_t progress = 0;
  // The caller has other things to do too: whoever introduces itself waits a second at most, which
  // is a twentieth of one for us where the machine is busy.
  constexpr std::uint64_t kMaxRecordsPerCall = 1U << 17;
  do {
    progress = 0;
    look_at_rings();
    for (Ring& ring : rings_) progress += drain_ring(ring);
    total += progress;
    // More rounds only help where rings wait for each other.
  } while (progress > 0 && rings_.size() > 1 && total < kMaxRecordsPerCall);
  if (open_query_ != 0) [[unlikely]] {
    answer_query();
  }
  if (is_asked_to_judge()) [[unlikely]] {
    answer_question();
  }
  // With nothing applied, what was seen of the rings is what is there.
  const bool pending =
      total == 0 && std::any_of(rings_.begin(), rings_.end(),
                                [](const Ring& ring) { return ring.position != ring.available; });
  stalled_rounds_ = pending ? stalled_rounds_ + 1 : 0;
  const bool may_be_abandoned =
      segment_.header().hooks_abandoned.load(std::memory_order_relaxed) > gaps_believed_;
  const unsigned shorter =
      std::max(kMaxStalledRoundsAfterJump >> std::min(gaps_waited_for_, 4U), kLeastStalledRounds);
  const bool is_spoilt = damaged_ > gaps_believed_;  // by more than jumps
  if (stalled_rounds_ > (may_be_abandoned || is_spoilt ? shorter : kMaxStalledRounds)) {
    stalled_rounds_ = 0;
    if (may_be_abandoned) {
      ++gaps_believed_;
    } else {
      ++gaps_waited_for_;
    }
    unsigned steps = gaps_waited_for_ < kManyGaps ? 1 : kStepsAtOnce;
    while (steps-- > 0 && step_over_gap()) {
      count_damage();
      for (Ring& ring : rings_) total += drain_ring(ring);
    }
  }
  return total;
}

// Threads that the asker has waited for may have written to rings that were looked at before its
// own: one more round has all of theirs.
void TrackedProcess::answer_query() {
  look_at_rings();
  for (Ring& ring : rings_) drain_ring(ring);
  const model::Process& facts = live_.facts;
  const model::ThreadTotals& thread = facts.threads[query_thread_];
  SegmentHeader& header = segment_.header();
  header.query_counters = {
      facts.totals.allocations,     facts.totals.reallocations, facts.totals.frees,
      facts.totals.allocated_bytes, facts.totals.freed_bytes,   facts.totals.failed,
      facts.heap.live_blocks,       facts.heap.live_bytes,      live_.take_recent_peak(),
      thread.allocations,           thread.allocated_bytes};
  // Release: publishes the counters; matched by the acquire load in preload/question.
  header.query_answered.store(open_query_, std::memory_order_release);
  wake_waiters(header.query_answered);
  open_query_ = 0;
}

bool TrackedProcess::is_asked_to_judge() const {
  // Relaxed: answer_question() looks again.
  return segment_.header().judge_number.load(std::memory_order_relaxed) != judged_;
}

// Of a call that may be made to fail. The live heap is what it is with everything that was
// published before the question.
void TrackedProcess::answer_question() {
  SegmentHeader& header = segment_.header();
  // Acquire: the stack it is about; matched by the release in preload/inject_failures.
  judged_ = header.judge_number.load(std::memory_order_acquire);
  const std::uint32_t node = header.judge_stack.load(std::memory_order_relaxed);
  look_at_rings();
  for (Ring& ring : rings_) drain_ring(ring);
  const bool is_meant = node != 0 && on_stack_question && on_stack_question(stacks_.import(node));
  header.judge_verdict.store(is_meant ? 1 : 0, std::memory_order_relaxed);
  header.judge_live_bytes.store(live_.facts.heap.live_bytes, std::memory_order_relaxed);
  // Release: publishes the verdict; matched by the acquire load in preload/question.
  header.judge_answered.store(judged_, std::memory_order_release);
  wake_waiters(header.judge_answered);
}

void TrackedProcess::drain_to_end() {
  // Bounded, for a process that was let go and does not stop writing.
  constexpr int kMaxRounds = 10'000;
  int rounds = 0;
  do {
    while (drain() > 0 && ++rounds < kMaxRounds) {
    }
  } while (step_over_gap() && ++rounds < kMaxRounds);
}

// Lets the ring proceed whose next record is closest to its shard's expected number. False when no
// ring waits.
bool TrackedProcess::step_over_gap() {
  const Ring* best = nullptr;
  std::uint32_t best_gap = ~0U;
  for (const Ring& ring : rings_) {
    if (!ring.waits) continue;
    const std::uint32_t gap =
        (ring.awaited_sequence - next_sequence(ring.awaited_shard)) & kSequenceMask;
    if (gap < best_gap) {
      best = &ring;
      best_gap = gap;
    }
  }
  if (best == nullptr) return false;
  next_sequence(best->awaited_shard) = best->awaited_sequence;
  return true;
}

std::uint64_t TrackedProcess::drain_ring(Ring& ring) {
  const std::uint64_t published = ring.available;
  if (published == ring.position) {
    // A target that overwrote this itself would wait for room that is there.
    if (ring.shared->consumed.load(std::memory_order_relaxed) != published) {
      ring.shared->consumed.store(published, std::memory_order_release);
    }
    return 0;
  }
  if (published < ring.position || published - ring.position > ring.mask + 1) {
    count_damage();  // no honest writer does this: nothing in the ring can be believed
    give_up_half(ring);
    ring.position = published;
    ring.waits = false;
    ring.shared->consumed.store(published, std::memory_order_release);
    return 0;
  }
  std::uint64_t records = 0;
  const bool looks_ahead = live_.outgrows_cache();
  constexpr std::uint64_t kReleaseEvery = 1024;  // slots given back to the writer at a time
  std::uint64_t release_at = ring.position + kReleaseEvery;
  while (ring.position < published) {
    if (looks_ahead && ring.ahead.is_due(ring.position)) {
      ring.ahead.look(ring.slots, ring.mask, ring.position, published, stacks_, live_);
    }
    const Slot first = load(ring.slots + (ring.position & ring.mask));
    unsigned slots = 1;
    const bool was_released = ring.released;
    ring.waits = apply(ring, first, published - ring.position, &slots) == Step::waits;
    if (ring.waits) {
      // Half a reallocation is progress too: others may have waited for it.
      if (ring.released != was_released) ++records;
      break;
    }
    // Whole records leave no half behind: somebody overwrote this one in between.
    if (ring.released) [[unlikely]] {
      give_up_half(ring);
    }
    ring.position += slots;
    ++records;
    if (ring.position >= release_at) {
      ring.shared->consumed.store(ring.position, std::memory_order_release);
      release_at = ring.position + kReleaseEvery;
    }
  }
  // Release: we have read these slots; matched by the acquire load in preload/thread_ring.
  ring.shared->consumed.store(ring.position, std::memory_order_release);
  return records;
}

inline bool TrackedProcess::is_turn(Ring& ring, std::uint32_t shard, std::uint32_t sequence) {
  return !ring.sequenced || is_numbered_turn(ring, shard, sequence);
}

inline std::uint32_t& TrackedProcess::next_sequence(std::uint32_t shard) {
  if (next_sequence_.empty()) [[unlikely]] {
    next_sequence_.resize(kShards, 0);
  }
  return next_sequence_[shard];
}

inline bool TrackedProcess::is_numbered_turn(Ring& ring, std::uint32_t shard,
                                             std::uint32_t sequence) {
  sequence &= kSequenceMask;
  std::uint32_t& next = next_sequence(shard);
  const std::uint32_t ahead = (sequence - next) & kSequenceMask;
  if (ahead == 0) {
    next = (next + 1) & kSequenceMask;
    return true;
  }
  // A number that was given up on and is told after all: better late than never.
  if (ahead > kSequenceMask / 2) return true;
  ring.awaited_shard = shard;
  ring.awaited_sequence = sequence;
  return false;
}

// realloc(p, 0) that freed took its number before the call, as every reallocation does.
bool TrackedProcess::is_free_turn(Ring& ring, const std::uint64_t* words) {
  const auto function = static_cast<Function>(words[2]);
  const bool by_realloc = function == Function::realloc_ || function == Function::reallocarray_;
  return by_realloc ? is_numbered_turn(ring, shard_of(words[1]), low(words[3]))
                    : is_turn(ring, shard_of(words[1]), low(words[3]));
}

inline std::uint32_t TrackedProcess::thread_of(Ring& ring) {
  if (!ring.has_thread) {
    ring.thread = thread_row(ring.shared->owner_tid.load(std::memory_order_relaxed), {});
    ring.has_thread = true;
  }
  return ring.thread;
}

std::uint32_t TrackedProcess::thread_row(std::uint32_t tid, const std::string& name) {
  if (watch_ != nullptr) watch_->thread_row(tid, name);
  return live_.thread_row(tid, name);
}

// A block that was sampled may be freed while a watch wants to know of every free.
inline void TrackedProcess::freed(Ring& ring, Function function, std::uint64_t address) {
  const model::EventContext context{0, thread_of(ring), ring.at};
  if (exact_ != nullptr) [[likely]] {
    exact_->freed(function, address, context);
  }
  if (is_sampled_) [[unlikely]] {
    live_.freed(function, address, context);
  }
}

inline model::EventContext TrackedProcess::context(Ring& ring, std::uint32_t node) {
  return model::EventContext{stacks_.import(node), thread_of(ring), ring.at};
}

inline TrackedProcess::Step TrackedProcess::apply(Ring& ring, Slot first, std::uint64_t available,
                                                  unsigned* slots) {
  if (record_tag(first) != kExtended) [[likely]] {
    return apply_short(ring, first);
  }
  const RecordType type = extended_type(first);
  const unsigned count = extended_slots(first);
  if (count == 0 || count != slots_of(type) || count > available) {
    count_damage();
    return Step::applied;  // steps over one slot
  }
  *slots = count;
  std::uint64_t words[2 * kMaxRecordSlots];
  words[0] = first.word0;
  words[1] = first.word1;
  for (std::size_t i = 1; i < count; ++i) {
    const Slot slot = load(ring.slots + ((ring.position + i) & ring.mask));
    words[2 * i] = slot.word0;
    words[2 * i + 1] = slot.word1;
  }
  return apply_extended(ring, type, words);
}

inline TrackedProcess::Step TrackedProcess::apply_short(Ring& ring, Slot slot) {
  const ShortRecord record = decode_short(slot);
  if (!is_heap_function(record.function) || record.address == 0) [[unlikely]] {
    count_damage();
    return Step::applied;
  }
  if (!is_turn(ring, shard_of(record.address), record.sequence)) return Step::waits;
  if (is_deallocation(record.function)) {
    freed(ring, record.function, record.address);
  } else if (exact_ != nullptr) [[likely]] {
    exact_->allocated(record.function, record.address, record.size, context(ring, record.stack));
  }
  return Step::applied;
}

TrackedProcess::Step TrackedProcess::apply_extended(Ring& ring, RecordType type,
                                                    const std::uint64_t* words) {
  switch (type) {
    case RecordType::allocation:
      if (words[1] == 0 || !is_heap_function(function_in(words[3]))) {
        count_damage();
      } else if (!is_turn(ring, shard_of(words[1]), low(words[4]))) {
        return Step::waits;
      } else if (exact_ != nullptr) {
        exact_->allocated(function_in(words[3]), words[1], words[2], context(ring, low(words[3])));
      }
      return Step::applied;
    case RecordType::free:
      if (words[1] == 0 || words[2] >= kFunctionCount) {
        count_damage();
      } else if (!is_free_turn(ring, words)) {
        return Step::waits;
      } else {
        apply_long_free(ring, words);
      }
      return Step::applied;
    case RecordType::sample:
      return apply_sample(ring, words);
    case RecordType::reallocation:
      return apply_reallocation(ring, words);
    case RecordType::failure:
      if (words[4] != 0 && !is_numbered_turn(ring, shard_of(words[4]), low(words[5]))) {
        return Step::waits;
      }
      apply_failure(ring, words);
      return Step::applied;
    case RecordType::map:
    case RecordType::unmap:
    case RecordType::brk:
      return apply_pages(ring, type, words);
    case RecordType::remap:
      return apply_remap(ring, words);
    case RecordType::thread:
      start_thread(ring, words);
      return Step::applied;
    case RecordType::sequenced:
      ring.sequenced = true;
      return Step::applied;
    case RecordType::epoch:
      ring.at = static_cast<double>(words[1]) / 1000.0;
      return Step::applied;
    case RecordType::query:
      open_query_ = low(words[1]);
      query_thread_ = thread_of(ring);
      return Step::applied;
    case RecordType::fork:
      if (on_fork) on_fork(words[1]);
      return Step::applied;
    case RecordType::child:
      if (on_child) on_child(low(words[1]), static_cast<int>(low(words[2])));
      return Step::applied;
  }
  count_damage();
  return Step::applied;
}

void TrackedProcess::apply_long_free(Ring& ring, const std::uint64_t* words) {
  if ((high(words[3]) & kFreedByMoving) != 0) {
    live_.moved_away(words[1]);
  } else {
    freed(ring, static_cast<Function>(words[2]), words[1]);
  }
}

TrackedProcess::Step TrackedProcess::apply_sample(Ring& ring, const std::uint64_t* words) {
  constexpr std::uint64_t kLongestInterval = 1ULL << 50, kLargestBlock = 1ULL << 50;
  if (words[1] == 0 || !is_heap_function(function_in(words[3])) || words[2] > kLargestBlock ||
      words[5] > kLongestInterval) {
    count_damage();
    return Step::applied;
  }
  if (!is_turn(ring, shard_of(words[1]), low(words[4]))) return Step::waits;
  live_.sampled(function_in(words[3]), words[1], words[2], words[5],
                (high(words[4]) & kSampleMoved) != 0, context(ring, low(words[3])));
  return Step::applied;
}

TrackedProcess::Step TrackedProcess::apply_reallocation(Ring& ring, const std::uint64_t* words) {
  if (words[1] == 0 || words[2] == 0 || !is_heap_function(function_in(words[4]))) {
    count_damage();
    return Step::applied;
  }
  if (!ring.released) {
    if (!is_numbered_turn(ring, shard_of(words[1]), low(words[5]))) return Step::waits;
    if (exact_ != nullptr) ring.reallocation = exact_->release_for_reallocation(words[1]);
    if (is_sampled_) live_.moved_away(words[1]);
    ring.released = true;
  }
  if (!is_numbered_turn(ring, shard_of(words[2]), high(words[5]))) return Step::waits;
  if (exact_ != nullptr) {
    exact_->reallocated(ring.reallocation, function_in(words[4]), words[2], words[3],
                        context(ring, low(words[4])));
  }
  ring.released = false;
  ring.reallocation = {};
  return Step::applied;
}

// Of a reallocation whose new block nobody can tell any more, the old one is gone; of a remap, the
// pages, which are counted at once.
void TrackedProcess::give_up_half(Ring& ring) {
  if (exact_ != nullptr) exact_->reallocation_lost(ring.reallocation);
  ring.reallocation = {};
  ring.released = false;
}

TrackedProcess::Step TrackedProcess::apply_pages(Ring& ring, RecordType type,
                                                 const std::uint64_t* words) {
  const Function function = function_in(words[3]);
  if (!is_mapping(function)) {
    count_damage();
    return Step::applied;
  }
  const bool is_its_turn = type == RecordType::unmap
                               ? is_numbered_turn(ring, kMappingShard, low(words[4]))
                               : is_turn(ring, kMappingShard, low(words[4]));
  if (!is_its_turn) return Step::waits;
  if (type == RecordType::map) live_.mapped(function, words[1], words[2]);
  if (type == RecordType::unmap) live_.unmapped(words[1], words[2], words[5] != 0);
  if (type == RecordType::brk) live_.moved_break(function, words[1], words[2]);
  return Step::applied;
}

// In two halves, as a reallocation: the old pages may be somebody else's before the new ones come.
TrackedProcess::Step TrackedProcess::apply_remap(Ring& ring, const std::uint64_t* words) {
  const bool failed = words[7] != 0;
  if (!ring.released) {
    if (!is_numbered_turn(ring, kMappingShard, low(words[6]))) return Step::waits;
    if (!failed) live_.release_for_remap(words[1], words[2]);
    ring.released = true;
  }
  if (!is_numbered_turn(ring, kMappingShard, high(words[6]))) return Step::waits;
  if (!failed) live_.remapped(words[3], words[4]);
  give_up_half(ring);
  return Step::applied;
}

void TrackedProcess::apply_failure(Ring& ring, const std::uint64_t* words) {
  const Function function = function_in(words[2]);
  if (function == Function::none) {
    count_damage();
    return;
  }
  const bool is_injected = (high(words[3]) & kFailureInjected) != 0;
  const auto error_number = static_cast<int>(low(words[3]));
  const model::EventContext where = context(ring, low(words[2]));
  if (exact_ != nullptr) exact_->failed(function, words[1], error_number, is_injected, where);
  if (is_sampled_) live_.failed(function, words[1], error_number, is_injected, where);
}

void TrackedProcess::start_thread(Ring& ring, const std::uint64_t* words) {
  char name[17] = {};
  std::memcpy(name, &words[3], 8);
  std::memcpy(name + 8, &words[4], 8);
  ring.thread = thread_row(low(words[1]), name);
  ring.has_thread = true;
  ring.sequenced = words[2] != 0;
}

void TrackedProcess::apply_flight(Function function, std::uint64_t size, std::uint64_t address,
                                  int error_number, std::uint32_t tid, std::uint32_t stack,
                                  double at) {
  const model::EventContext context{stacks_.import(stack), thread_row(tid, {}), at};
  if (error_number != 0) {
    live_.failed(function, size, error_number, false, context);
  } else {
    live_.noted_large(function, address, size, context);
  }
}

bool TrackedProcess::resume_if_given_up(Control wanted) {
  protocol::Shared<std::uint32_t>& control = segment_.header().control;
  if (control.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(wanted)) return false;
  control.store(static_cast<std::uint32_t>(wanted), std::memory_order_release);
  watch_has_gap_ = is_watching_;
  return true;
}

void TrackedProcess::begin_watch() {
  drain();  // what was told so far is none of its business
  watch_ = std::make_unique<model::LiveProcess>(UINT64_MAX);
  for (const model::ThreadTotals& thread : live_.facts.threads) {
    watch_->thread_row(thread.tid, thread.name);
  }
  const SegmentHeader& header = segment_.header();
  unwatched_allocations_before_ = header.unwatched_allocations.load(std::memory_order_relaxed);
  unwatched_frees_before_ = header.unwatched_frees.load(std::memory_order_relaxed);
  unwatched_before_.clear();
  for (const Ring& ring : rings_) {
    unwatched_before_.push_back({ring.shared->unwatched_allocations.load(std::memory_order_relaxed),
                                 ring.shared->unwatched_frees.load(std::memory_order_relaxed)});
  }
  is_watching_ = true;
  watch_has_gap_ = false;
  segment_.header().control.store(static_cast<std::uint32_t>(with_watch(live_.facts.mode)),
                                  std::memory_order_release);
}

void TrackedProcess::stop_watching() {
  if (!is_watching_) return;
  is_watching_ = false;
  segment_.header().control.store(
      static_cast<std::uint32_t>(without_watch(with_watch(live_.facts.mode))),
      std::memory_order_release);
}

void TrackedProcess::forget_watch() {
  stop_watching();
  watch_.reset();
  route_records();
}

model::LiveProcess* TrackedProcess::watch() {
  if (watch_ == nullptr) return nullptr;
  const SegmentHeader& header = segment_.header();
  model::Losses& losses = watch_->facts.losses;
  losses.dropped_allocations =
      header.unwatched_allocations.load(std::memory_order_relaxed) - unwatched_allocations_before_;
  std::uint64_t frees =
      header.unwatched_frees.load(std::memory_order_relaxed) - unwatched_frees_before_;
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    const Unwatched before = i < unwatched_before_.size() ? unwatched_before_[i] : Unwatched{};
    const ThreadSlot& slot = *rings_[i].shared;
    // Modulo 2^32, as the target counts.
    losses.dropped_allocations += static_cast<std::uint32_t>(
        slot.unwatched_allocations.load(std::memory_order_relaxed) - before.allocations);
    frees += static_cast<std::uint32_t>(slot.unwatched_frees.load(std::memory_order_relaxed) -
                                        before.frees);
  }
  losses.dropped_frees = std::max(losses.dropped_frees, frees);
  losses.damaged_records = damaged_ + stacks_.damaged() + (segment_.is_cut_short() ? 1 : 0);
  losses.exact = losses.exact && losses.dropped_allocations == 0 && losses.dropped_frees == 0 &&
                 losses.damaged_records == 0 && !watch_has_gap_;
  return watch_.get();
}

void TrackedProcess::count_idle() {
  std::uint64_t allocations = 0, frees = 0, bytes = 0;
  for (const Ring& ring : rings_) {
    allocations += ring.shared->idle_allocations.load(std::memory_order_relaxed);
    frees += ring.shared->idle_frees.load(std::memory_order_relaxed);
    bytes += ring.shared->idle_bytes.load(std::memory_order_relaxed);
  }
  model::Totals& totals = live_.facts.totals;
  totals.allocations = allocations - std::min(allocations, idle_allocations_before_);
  totals.frees = frees - std::min(frees, idle_frees_before_);
  totals.allocated_bytes = bytes - std::min(bytes, idle_bytes_before_);
}

void TrackedProcess::collect_losses() {
  const SegmentHeader& header = segment_.header();
  const bool gave_up = header.gave_up.load(std::memory_order_relaxed) > gave_up_before_;
  std::uint64_t allocations = header.dropped_allocations.load(std::memory_order_relaxed);
  std::uint64_t frees = header.dropped_frees.load(std::memory_order_relaxed);
  for (const Ring& ring : rings_) {
    allocations += ring.shared->dropped_allocations.load(std::memory_order_relaxed);
    frees += ring.shared->dropped_frees.load(std::memory_order_relaxed);
    // What was done while the process did not wait for us any longer.
    if (gave_up) {
      allocations += ring.shared->idle_allocations.load(std::memory_order_relaxed);
      frees += ring.shared->idle_frees.load(std::memory_order_relaxed);
    }
  }
  if (gave_up) {
    allocations -= std::min(allocations, idle_allocations_before_);
    frees -= std::min(frees, idle_frees_before_);
  }
  model::Losses& losses = live_.facts.losses;
  losses.dropped_allocations = allocations;
  losses.dropped_frees = std::max(losses.dropped_frees, frees);
  losses.truncated_stacks = header.truncated_stacks.load(std::memory_order_relaxed);
  losses.stack_mismatches = header.stack_mismatches.load(std::memory_order_relaxed);
  losses.children_unrecorded = sum_of(unrecorded_children());
  losses.damaged_records = damaged_ + stacks_.damaged() + (segment_.is_cut_short() ? 1 : 0);
  if (allocations > 0 || frees > 0 || losses.damaged_records > 0 || gave_up ||
      live_.facts.mode != model::Mode::exact) {
    losses.exact = false;
  }
}

}  // namespace memwatch::intake
