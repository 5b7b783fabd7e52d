// Which block does a word point into? Asked once for every word of the heap that could be an
// address, so the answer to the common question, a pointer to a block's start, must touch one cache
// line of a compact table:
//
//   heap, 512 bytes     |  block 7     |bl. 8|     block 9              | …    one Group each
//   Group.starts        1..............1......1...........................     64 bits, 8 bytes
//   each Group.first         7                                                      blocks before
//
//   the block at or before an address = first + (bits up to it) − 1
//
// The same table sorts the blocks, which come in no order. Groups lie in pages of 2048 (1 MiB of
// addresses); a sparse table, one entry per mebibyte between the lowest and the highest block,
// names the page, or the block that covers all of it. First the blocks are brought together by
// pages; then each page, which the nearer caches hold, is sorted for itself: first the bits, then
// each block's number. Without the first step each bit and each block would be a cache miss.
//
// A group in which the starts of two blocks share their 8 bytes, or one is not a multiple of 8, is
// marked and searched instead. Built once, by one or more threads with the same result, then read
// by one or more threads. Throws std::bad_alloc.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/reachability/sparse_table.h"

namespace memwatch::reachability {

struct Block {
  std::uint64_t address = 0, size = 0;
  std::uint32_t site = 0;
  std::uint32_t order = 0;  // of allocation: of two blocks the one with less was allocated first
};

inline constexpr std::uint32_t kNoBlock = ~0U;

struct Target {
  std::uint32_t block = kNoBlock;
  bool interior = false;  // not its start
};

class BlockIndex {
 public:
  // In any order, each address once, below kAddressLimit; fewer than 2^31. Sorts them by address,
  // and cuts sizes so that none overlaps the next or reaches beyond the limit. Refers to them.
  explicit BlockIndex(std::vector<Block>& blocks, unsigned threads = 1);

  static constexpr std::uint64_t kAddressLimit = 1ULL << 47;  // of user space, 4-level paging

  // Could this word point into a block at all? One comparison.
  [[nodiscard]] bool in_reach(std::uint64_t word) const { return word - low_ < span_; }

  // The block that the word points into: its start, or within its requested size.
  [[nodiscard]] Target find(std::uint64_t word) const {
    const std::uint32_t page = page_of(word);
    if (page == 0) return {};
    if ((page & kCovered) != 0) return inside(page & ~kCovered, word);
    const Group* const group = group_in(page, word);
    if (group->odd != 0) return find_odd(word);
    const auto bit = static_cast<unsigned>((word >> 3) & 63);
    const std::uint64_t up_to = group->starts & (~0ULL >> (63 - bit));
    const std::uint32_t block = group->first + static_cast<std::uint32_t>(std::popcount(up_to)) - 1;
    if ((up_to >> bit & 1) != 0 && (word & 7) == 0) return {block, false};
    return inside(block, word);
  }

  // Of a word in reach.
  void prefetch(std::uint64_t word) const {
    const std::uint32_t page = page_of(word);
    if (page != 0 && (page & kCovered) == 0) __builtin_prefetch(group_in(page, word));
  }

 private:
  struct Group {
    std::uint64_t starts = 0;
    std::uint32_t first = 0;  // number of the first block that starts in or after the group
    std::uint32_t odd = 0;    // 1: searched; while the index is built, blocks in it and kUnaligned
  };
  static constexpr unsigned kGroupBits = 9, kPageBits = 20;
  static constexpr std::size_t kGroupsPerPage = std::size_t{1} << (kPageBits - kGroupBits);

  static constexpr std::uint32_t kCovered = 1U << 31;

  [[nodiscard]] std::uint32_t page_of(std::uint64_t word) const {
    return pages_[(word >> kPageBits) - base_page_];
  }
  [[nodiscard]] const Group* group_in(std::uint32_t page, std::uint64_t word) const {
    return groups_.data() + (static_cast<std::size_t>(page - 1) << (kPageBits - kGroupBits)) +
           ((word >> kGroupBits) & (kGroupsPerPage - 1));
  }
  [[nodiscard]] Target inside(std::uint32_t block, std::uint64_t word) const {
    if (block >= blocks_.size()) return {};  // before the first block
    const Block& candidate = blocks_[block];
    if (word - candidate.address >= candidate.size) return {};
    return {block, word != candidate.address};
  }
  [[nodiscard]] Target find_odd(std::uint64_t word) const;
  static constexpr std::uint32_t kUnaligned = 1U << 31;

  class Builder;

  std::vector<Block>& blocks_;
  std::uint64_t low_ = 0, span_ = 0;
  std::uint64_t base_page_ = 0;
  SparseTable<std::uint32_t> pages_;  // 0: no block; kCovered: the block; else the page + 1
  SparseTable<Group> groups_;
};

}  // namespace memwatch::reachability
