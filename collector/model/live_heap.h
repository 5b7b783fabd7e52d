// The live blocks of one process: address → size, site and allocating thread. An open-addressing
// table with linear probing and backward-shift deletion (Knuth, The Art of Computer Programming,
// volume 3, 6.4, algorithm R), because every event of the traced program is one look-up here.
// One owner, not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace memwatch::model {

struct LiveBlock {
  std::uint64_t address = 0;  // 0: empty place
  std::uint64_t size = 0;
  std::uint32_t site = 0;    // index into the process's sites
  std::uint32_t thread = 0;  // index into the process's threads
};
static_assert(sizeof(LiveBlock) == 24);

class LiveHeap {
 public:
  LiveHeap() : places_(kInitialPlaces), mask_(kInitialPlaces - 1) {}

  // The block at this address, or nullptr.
  [[nodiscard]] const LiveBlock* find(std::uint64_t address) const;

  // Adds a block. The address must not be 0 and not be present.
  void insert(const LiveBlock& block);

  // Removes the block at this address into `removed`; false when there is none.
  bool remove(std::uint64_t address, LiveBlock* removed);

  [[nodiscard]] std::uint64_t size() const { return count_; }

 private:
  static constexpr std::uint64_t kInitialPlaces = 1024;

  [[nodiscard]] std::uint64_t home(std::uint64_t address) const {
    const std::uint64_t mixed = address * 0x9e3779b97f4a7c15ULL;
    return (mixed ^ (mixed >> 32)) & mask_;
  }
  void grow();

  std::vector<LiveBlock> places_;
  std::uint64_t mask_;
  std::uint64_t count_ = 0;
};

}  // namespace memwatch::model
