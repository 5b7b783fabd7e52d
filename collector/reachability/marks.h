// One bit for each block, for one thread or several at a time. Throws std::bad_alloc when made.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/reachability/huge_pages.h"

namespace memwatch::reachability {

class Marks {
 public:
  static constexpr std::uint32_t kWordBits = 64;

  // All are 0.
  explicit Marks(std::size_t blocks) {
    reserve_huge(words_, blocks / kWordBits + 1);
    words_.resize(blocks / kWordBits + 1);
  }

  bool operator[](std::uint32_t block) const {
    return (words_[block / kWordBits] & bit(block)) != 0;
  }

  // False: it was set before.
  bool set(std::uint32_t block) {
    const bool is_new = !(*this)[block];
    words_[block / kWordBits] |= bit(block);
    return is_new;
  }
  // The same, while other threads do it: of those that meet it at once one is told that it is new.
  // Relaxed: the bit publishes nothing; what that thread writes of the block is read by others
  // after it was joined.
  bool set_among_others(std::uint32_t block) {
    const std::atomic_ref<std::uint64_t> word(words_[block / kWordBits]);
    if ((word.load(std::memory_order_relaxed) & bit(block)) != 0) return false;
    return (word.fetch_or(bit(block), std::memory_order_relaxed) & bit(block)) == 0;
  }

  // Clears the bits of blocks [first, end), both multiples of kWordBits or the number of blocks;
  // found(block) for each that was set, in order. While other threads set bits each is found by
  // this call or left for the next.
  template <typename Found>
  void take(std::uint32_t first, std::uint32_t end, Found found) {
    for (std::uint32_t base = first; base < end; base += kWordBits) {
      const std::atomic_ref<std::uint64_t> word(words_[base / kWordBits]);
      if (word.load(std::memory_order_relaxed) == 0) continue;
      std::uint64_t bits = word.exchange(0, std::memory_order_relaxed);
      for (; bits != 0; bits &= bits - 1) {
        found(base + static_cast<std::uint32_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  static std::uint64_t bit(std::uint32_t block) { return std::uint64_t{1} << block % kWordBits; }

  std::vector<std::uint64_t> words_;
};

}  // namespace memwatch::reachability
