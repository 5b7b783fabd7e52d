#include "collector/model/live_heap.h"

#include <utility>

namespace memwatch::model {

const LiveBlock* LiveHeap::find(std::uint64_t address) const {
  if (address == 0) return nullptr;
  for (std::uint64_t at = home(address);; at = (at + 1) & mask_) {
    const LiveBlock& place = places_[at];
    if (place.address == address) return &place;
    if (place.address == 0) return nullptr;
  }
}

void LiveHeap::insert(const LiveBlock& block) {
  if ((count_ + 1) * 3 > places_.size() * 2) grow();
  std::uint64_t at = home(block.address);
  while (places_[at].address != 0) at = (at + 1) & mask_;
  places_[at] = block;
  ++count_;
}

bool LiveHeap::remove(std::uint64_t address, LiveBlock* removed) {
  if (address == 0) return false;
  std::uint64_t at = home(address);
  while (places_[at].address != address) {
    if (places_[at].address == 0) return false;
    at = (at + 1) & mask_;
  }
  *removed = places_[at];
  --count_;
  // Close the gap: move back whatever would no longer be found past an empty place.
  std::uint64_t gap = at;
  for (std::uint64_t next = (gap + 1) & mask_; places_[next].address != 0;
       next = (next + 1) & mask_) {
    const std::uint64_t wanted = home(places_[next].address);
    if (((next - wanted) & mask_) >= ((next - gap) & mask_)) {
      places_[gap] = places_[next];
      gap = next;
    }
  }
  places_[gap].address = 0;
  return true;
}

void LiveHeap::grow() {
  std::vector<LiveBlock> old = std::exchange(places_, std::vector<LiveBlock>(places_.size() * 2));
  mask_ = places_.size() - 1;
  for (const LiveBlock& block : old) {
    if (block.address == 0) continue;
    std::uint64_t at = home(block.address);
    while (places_[at].address != 0) at = (at + 1) & mask_;
    places_[at] = block;
  }
}

}  // namespace memwatch::model
