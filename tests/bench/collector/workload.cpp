#include "tests/bench/collector/workload.h"

#include <algorithm>
#include <utility>

namespace memwatch::collector_bench {

using namespace protocol;

namespace {

constexpr std::uint64_t kHeapStart = 0x5555'0000'0000;
constexpr std::uint64_t kBlockSpacing = 80;  // what a block of 64 bytes takes in malloc's heap
constexpr std::uint64_t kEventsPerEpoch = 20'000;  // a busy program's millisecond
constexpr std::uint64_t kMaxBurst = 64;  // events of one thread before another one's follow
constexpr std::uint32_t kOwnFrames = 6;  // of a stack, beyond those it shares with others
constexpr std::uint64_t kRoomLeft = 16;  // slots: no event takes more

}  // namespace

Workload::Workload(const Life& life) : life_(life), segment_(ordinary_geometry()) {
  for (std::uint32_t ring = 0; ring < life.rings; ++ring) {
    segment_.add_ring(1000 + ring, life.rings > 1);
    slots_.push_back(&segment_.slot(ring, 0));
    tails_.push_back(segment_.tail(ring));
  }
  sequences_.resize(kShards);
  make_stacks(life.stacks);
}

// A tree as real programs have it: a C++ compiler has 5.7 nodes to a site, Python 6.6.
void Workload::make_stacks(std::uint32_t count) {
  std::uint32_t shared = segment_.add_node(0x1000, 0);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i % 16 == 0) shared = segment_.add_node(0x8000'0000 + i, i % 256 == 0 ? 0 : shared);
    std::uint32_t node = shared;
    for (std::uint32_t frame = 0; frame < kOwnFrames; ++frame) {
      node = segment_.add_node(0x100'0000 + i % 4096 * 16 + frame, node);
    }
    stacks_.push_back(node);
  }
}

void Workload::reserve() {
  const std::uint64_t most = life_.live_blocks + life_.live_blocks / 4 + 65'536;
  live_.assign(most, 1);
  live_.clear();
  free_.assign(most, 1);
  free_.clear();
}

void Workload::put(Slot slot) {
  slots_[ring_][tails_[ring_]++ & (ring_slots(segment_.geometry(), ring_) - 1)] = slot;
}

void Workload::put_epoch() {
  put({encode_extended_header(RecordType::epoch, 1), ++epoch_});
}

std::uint32_t Workload::draw_stack() {
  if (!life_.stacks_in_turn) return stacks_[random_() % stacks_.size()];
  next_stack_ = (next_stack_ + 1) % life_.stacks;
  return stacks_[next_stack_];
}

std::uint32_t Workload::next_sequence(std::uint64_t address) {
  return sequences_[shard_of(address)]++ & kSequenceMask;
}

std::uint64_t Workload::take_address() {
  if (free_.empty()) {
    unused_ += kBlockSpacing;
    return kHeapStart + unused_;
  }
  const std::uint64_t address = free_.back();
  free_.pop_back();
  return address;
}

void Workload::allocate(std::uint64_t address) {
  const std::uint32_t sequence = life_.rings > 1 ? next_sequence(address) : 0;
  put(encode_short(Function::malloc_, address, 16 + random_() % 512, draw_stack(), sequence));
}

void Workload::free(std::uint64_t address) {
  const std::uint32_t sequence = life_.rings > 1 ? next_sequence(address) : 0;
  put(encode_short(Function::free_, address, 0, 0, sequence));
}

void Workload::reallocate(std::uint64_t& address) {
  const std::uint64_t old = std::exchange(address, take_address());
  free_.push_back(old);
  const std::uint64_t old_sequence = next_sequence(old);
  const std::uint64_t new_sequence = next_sequence(address);
  put({encode_extended_header(RecordType::reallocation, 3), old});
  put({address, 16 + random_() % 512});
  put({pack_stack(draw_stack(), Function::realloc_), old_sequence | new_sequence << 32});
}

// Returns the number of events it was.
std::uint64_t Workload::one_event() {
  const std::uint64_t dice = random_();
  if (live_.size() >= life_.live_blocks && dice % 100 < life_.temporary_percent) {
    const std::uint64_t address = take_address();
    allocate(address);
    free(address);
    free_.push_back(address);
    return 2;
  }
  const bool is_steady = live_.size() >= life_.live_blocks;
  if (is_steady && dice % 100 < life_.temporary_percent + life_.reallocation_percent) {
    reallocate(live_[(dice >> 16) % live_.size()]);
    return 1;
  }
  if (!is_steady || (dice >> 8) % 2 == 0) {
    live_.push_back(take_address());
    allocate(live_.back());
    return 1;
  }
  std::uint64_t& victim = live_[(dice >> 16) % live_.size()];
  free(victim);
  free_.push_back(victim);
  victim = live_.back();
  live_.pop_back();
  return 1;
}

void Workload::change_thread() {
  ring_ = static_cast<std::uint32_t>(random_() % life_.rings);
  burst_left_ = 1 + random_() % kMaxBurst;
}

std::uint64_t Workload::write(std::uint64_t events) {
  std::vector<std::uint64_t> ends = tails_;
  for (std::uint32_t ring = 0; ring < life_.rings; ++ring) {
    ends[ring] += ring_slots(segment_.geometry(), ring) - kRoomLeft;
  }
  std::uint64_t written = 0;
  while (written < events && tails_[ring_] < ends[ring_]) {
    if (written % kEventsPerEpoch == 0) put_epoch();
    const std::uint64_t happened = one_event();
    written += happened;
    if (life_.rings > 1 && burst_left_-- == 0) change_thread();
  }
  for (std::uint32_t ring = 0; ring < life_.rings; ++ring) segment_.publish_to(ring, tails_[ring]);
  return written;
}

}  // namespace memwatch::collector_bench
