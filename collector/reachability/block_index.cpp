#include "collector/reachability/block_index.h"

#include <algorithm>
#include <utility>

#include "collector/reachability/huge_pages.h"

namespace memwatch::reachability {

BlockIndex::BlockIndex(std::vector<Block>& blocks) : blocks_(blocks) {
  if (blocks.empty()) return;
  name_pages();
  mark_starts();
  count_blocks_before();
  sort();
  cut_sizes();
  cover_pages();
}

// A page of groups for every mebibyte in which a block starts, numbered in the order of addresses.
void BlockIndex::name_pages() {
  std::uint64_t high = 0;
  low_ = kAddressLimit;
  for (const Block& block : blocks_) {
    low_ = std::min(low_, block.address);
    high = std::max(high, block.address + std::min(std::max<std::uint64_t>(block.size, 1),
                                                   kAddressLimit - block.address));
  }
  span_ = high - low_;
  base_page_ = low_ >> kPageBits;
  pages_ = SparseTable<std::uint32_t>(((high - 1) >> kPageBits) - base_page_ + 1);
  std::vector<std::uint64_t> named;
  for (const Block& block : blocks_) {
    const std::uint64_t page = (block.address >> kPageBits) - base_page_;
    if (pages_[page] == 0) named.push_back(page);
    pages_[page] = 1;
  }
  std::sort(named.begin(), named.end());
  for (std::uint32_t i = 0; i < named.size(); ++i) pages_[named[i]] = i + 1;
  reserve_huge(groups_, named.size() * kGroupsPerPage);
  groups_.resize(named.size() * kGroupsPerPage);
}

void BlockIndex::mark_starts() {
  for (const Block& block : blocks_) {
    Group& group = group_of(block.address);
    group.starts |= 1ULL << (block.address >> 3 & 63);
    ++group.odd;
    if ((block.address & 7) != 0) group.odd |= kUnaligned;
  }
}

void BlockIndex::count_blocks_before() {
  std::uint32_t count = 0;
  for (Group& group : groups_) {
    group.first = count;
    const std::uint32_t here = group.odd & ~kUnaligned;
    count += here;
    const bool plain = group.odd == static_cast<std::uint32_t>(std::popcount(group.starts));
    group.odd = plain ? 0 : 1;
  }
}

// Each block to its number. In groups that are searched the number is the next free one, and their
// few blocks are sorted afterwards.
void BlockIndex::sort() {
  std::vector<Block> sorted;
  reserve_huge(sorted, blocks_.size());
  sorted.resize(blocks_.size());
  std::vector<Group*> searched;
  for (const Block& block : blocks_) {
    Group& group = group_of(block.address);
    if (group.odd == 0) {
      const std::uint64_t before = (1ULL << (block.address >> 3 & 63)) - 1;
      sorted[group.first + static_cast<std::uint32_t>(std::popcount(group.starts & before))] =
          block;
    } else {
      if (group.odd == 1) searched.push_back(&group);
      sorted[group.first + group.odd++ - 1] = block;
    }
  }
  for (Group* group : searched) {
    const auto first = sorted.begin() + group->first;
    std::sort(first, first + (group->odd - 1),
              [](const Block& a, const Block& b) { return a.address < b.address; });
    group->odd = 1;
  }
  blocks_ = std::move(sorted);
}

void BlockIndex::cut_sizes() {
  std::uint64_t limit = kAddressLimit;
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    block->size = std::min(block->size, limit - block->address);
    limit = block->address;
  }
}

// Mebibytes in which none starts name the block that covers them.
void BlockIndex::cover_pages() {
  for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
    const std::uint64_t end = blocks_[i].address + blocks_[i].size;
    for (std::uint64_t page = (blocks_[i].address >> kPageBits) + 1; page << kPageBits < end;
         ++page) {
      std::uint32_t& name = pages_[page - base_page_];
      if (name == 0) name = kCovered | i;
    }
  }
}

Target BlockIndex::find_odd(std::uint64_t word) const {
  const auto after = std::upper_bound(
      blocks_.begin(), blocks_.end(), word,
      [](std::uint64_t address, const Block& block) { return address < block.address; });
  if (after == blocks_.begin()) return {};
  const auto block = static_cast<std::uint32_t>(after - blocks_.begin()) - 1;
  if (blocks_[block].address == word) return {block, false};
  return inside(block, word);
}

}  // namespace memwatch::reachability
