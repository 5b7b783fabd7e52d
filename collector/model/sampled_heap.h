// The live blocks of a process that is sampled, and what each stands for. A block of s bytes that
// was drawn with mean gap m was recorded with probability p = 1 − exp(−(s + 1) / m)
// (preload/sampler.h), so it stands for 1/p blocks and s/p bytes; summing these estimates without
// bias, with the variance (1 − p)/p² · s² for each block (Horvitz and Thompson, A generalization of
// sampling without replacement from a finite universe, 1952). One owner, not thread-safe.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace memwatch::model {

struct Estimate {
  std::uint64_t blocks = 1;
  std::uint64_t bytes = 0;
  double variance = 0;  // of the bytes
};

// interval 0: the block was recorded for certain and stands for itself. Blocks are whole: `random`
// decides between the two next to 1/p, so that their mean is right.
Estimate estimate_of(std::uint64_t size, std::uint64_t interval, std::uint64_t random);

struct SampledBlock {
  std::uint32_t site = 0;
  std::uint32_t cohort = 0;
  std::uint64_t size = 0;  // of the block itself
  Estimate estimate;
};

class SampledHeap {
 public:
  // Adds a block; true when there was one at this address, which is handed out in `stale`.
  bool add(std::uint64_t address, const SampledBlock& block, SampledBlock* stale);

  // Removes the block at this address into `removed`; false when there is none.
  bool remove(std::uint64_t address, SampledBlock* removed);

  // Calls each(block) for every block, in no order.
  template <typename Each>
  void for_each(Each each) const {
    for (const auto& [address, block] : blocks_) each(block);
  }

  // Calls each(address, block) for every block, in no order.
  template <typename Each>
  void for_each_address(Each each) const {
    for (const auto& [address, block] : blocks_) each(address, block);
  }

  // As LiveHeap's.
  void halve_cohorts() {
    for (auto& [address, block] : blocks_) block.cohort /= 2;
  }

  [[nodiscard]] std::uint64_t size() const { return blocks_.size(); }

  // A number for estimate_of, another each time.
  std::uint64_t next_random();

 private:
  std::unordered_map<std::uint64_t, SampledBlock> blocks_;
  std::uint64_t random_ = 0;
};

}  // namespace memwatch::model
