#include "collector/model/live_heap.h"

#include <utility>

namespace memwatch::model {

LiveHeap::LiveHeap() {
  for (Part& part : parts_) {
    part.buckets = HugeArray<Bucket>(kInitialBuckets);
    part.mask = kInitialBuckets - 1;
  }
}

std::optional<LiveBlock> LiveHeap::find(std::uint64_t address) const {
  if (address == 0) return std::nullopt;
  const std::uint64_t mixed = hash(address);
  const Part& part = parts_[part_index(mixed)];
  for (std::uint32_t at = home_in(part, mixed);; at = (at + 1) & part.mask) {
    const Bucket& bucket = part.buckets[at];
    const std::uint32_t place = bucket.position(address);
    if (place < kPlaces) return unpack(bucket.places[place]);
    if (!bucket.is_full()) break;
  }
  const auto odd = odd_.find(address);
  return odd == odd_.end() ? std::nullopt : std::optional(odd->second);
}

bool LiveHeap::add(const LiveBlock& block, LiveBlock* stale) {
  if (!fits(block)) [[unlikely]] {
    return add_odd(block, stale);
  }
  const bool replaces_odd = !odd_.empty() && remove_odd(block.address, stale);
  const std::uint64_t mixed = hash(block.address);
  Part& part = parts_[part_index(mixed)];
  for (std::uint32_t at = home_in(part, mixed);; at = (at + 1) & part.mask) {
    Bucket& bucket = part.buckets[at];
    if (const std::uint32_t known = bucket.position(block.address); known < kPlaces) [[unlikely]] {
      *stale = unpack(bucket.places[known]);
      bucket.places[known] = pack(block);
      return true;
    }
    if (bucket.is_full()) continue;
    bucket.places[bucket.count()] = pack(block);
    ++count_;
    if (++part.count > most_blocks(part.mask)) [[unlikely]] {
      grow(part);
    }
    return replaces_odd;
  }
}

// Empties a place and fills the gap from the right.
inline void LiveHeap::take(Part& part, std::uint32_t at, std::uint32_t place) {
  Bucket& bucket = part.buckets[at];
  const std::uint32_t last = bucket.count() - 1;
  bucket.places[place] = bucket.places[last];
  bucket.places[last] = Place{};
  if (last == kPlaces - 1) [[unlikely]] {
    move_back(part, at);
  }
}

bool LiveHeap::remove(std::uint64_t address, LiveBlock* removed) {
  if (remove_ordinary(address, removed)) return true;
  return !odd_.empty() && remove_odd(address, removed);
}

bool LiveHeap::remove_ordinary(std::uint64_t address, LiveBlock* removed) {
  if (address == 0) return false;
  const std::uint64_t mixed = hash(address);
  Part& part = parts_[part_index(mixed)];
  for (std::uint32_t at = home_in(part, mixed);; at = (at + 1) & part.mask) {
    Bucket& bucket = part.buckets[at];
    if (const std::uint32_t place = bucket.position(address); place < kPlaces) [[likely]] {
      *removed = unpack(bucket.places[place]);
      take(part, at, place);
      --part.count;
      --count_;
      return true;
    }
    if (!bucket.is_full()) return false;
  }
}

// The last place of bucket `gap` has become empty: looks in the buckets that follow, up to the
// first that is not full, for a block that would no longer be found, and moves it into the gap.
void LiveHeap::move_back(Part& part, std::uint32_t gap) {
  for (std::uint32_t next = (gap + 1) & part.mask;; next = (next + 1) & part.mask) {
    Bucket& bucket = part.buckets[next];
    for (std::uint32_t place = 0; place < kPlaces; ++place) {
      const std::uint64_t address = bucket.places[place].address();
      if (address == 0) return;  // whoever passed the gap by would have stayed here
      const std::uint32_t home = home_in(part, hash(address));
      if (((next - home) & part.mask) < ((next - gap) & part.mask)) continue;
      part.buckets[gap].places.back() = bucket.places[place];
      take(part, next, place);
      return;
    }
  }
}

void LiveHeap::put(Part& part, std::uint64_t hash, const Place& place) {
  std::uint32_t at = home_in(part, hash);
  while (part.buckets[at].is_full()) at = (at + 1) & part.mask;
  part.buckets[at].places[part.buckets[at].count()] = place;
}

void LiveHeap::grow(Part& part) {
  const std::uint32_t old_count = part.mask + 1;
  const HugeArray<Bucket> old =
      std::exchange(part.buckets, HugeArray<Bucket>(std::size_t{2} * old_count));
  part.mask = 2 * old_count - 1;
  for (std::uint32_t i = 0; i < old_count; ++i) {
    for (const Place& place : old[i].places) {
      if (place.address() != 0) put(part, hash(place.address()), place);
    }
  }
}

void LiveHeap::halve_cohorts() {
  constexpr std::uint64_t kCohortMask = ~std::uint64_t{0} << kCohortShift;
  for (Part& part : parts_) {
    for (std::size_t i = 0; i <= part.mask; ++i) {
      for (Place& place : part.buckets[i].places) {
        std::uint64_t& word = place.address_and_thread;
        word = ((word >> 1) & kCohortMask) | (word & ~kCohortMask);
      }
    }
  }
  for (auto& [address, block] : odd_) {
    block.origin = LiveBlock::origin_of(block.thread(), block.cohort() / 2);
  }
}

bool LiveHeap::add_odd(const LiveBlock& block, LiveBlock* stale) {
  const bool replaces = remove(block.address, stale);
  odd_.emplace(block.address, block);
  return replaces;
}

bool LiveHeap::remove_odd(std::uint64_t address, LiveBlock* removed) {
  const auto at = odd_.find(address);
  if (at == odd_.end()) return false;
  *removed = at->second;
  odd_.erase(at);
  return true;
}

}  // namespace memwatch::model
