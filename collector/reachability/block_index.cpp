#include "collector/reachability/block_index.h"

#include <algorithm>
#include <atomic>
#include <span>

#include "collector/reachability/crew.h"

namespace memwatch::reachability {

// The steps of building it, and what they share. Each thread has a part of the blocks as they came,
// or one page after another.
class BlockIndex::Builder {
 public:
  Builder(BlockIndex& index, unsigned threads)
      : index_(index), blocks_(index.blocks_), threads_(threads), shares_(threads) {}

  void build() {
    run_crew(threads_, [this](unsigned thread) { find_limits(thread); });
    settle_limits();
    run_crew(threads_, [this](unsigned thread) { count(thread); });
    name_pages();
    by_pages_ = SparseTable<Block>(blocks_.size(), true);
    run_crew(threads_, [this](unsigned thread) { bring_together(thread); });
    std::atomic<std::size_t> next{0};
    // Relaxed: the number alone; what is written under it is read after the threads were joined.
    run_crew(threads_, [this, &next](unsigned) {
      std::size_t page = 0;
      while ((page = next.fetch_add(1, std::memory_order_relaxed)) < named_.size()) sort(page);
    });
    cut_last_sizes();
  }

 private:
  struct Share {
    std::uint64_t low = kAddressLimit, high = 0;
    SparseTable<std::uint32_t> counts;  // by mebibyte; then where its next block goes
    std::vector<std::uint64_t> named;   // mebibytes in which blocks start
  };

  [[nodiscard]] std::span<const Block> part(unsigned thread) const {
    const std::size_t first = blocks_.size() * thread / threads_;
    const std::size_t end = blocks_.size() * (thread + 1) / threads_;
    return {blocks_.data() + first, end - first};
  }
  [[nodiscard]] std::uint64_t mebibyte_of(const Block& block) const {
    return (block.address >> kPageBits) - index_.base_page_;
  }

  void find_limits(unsigned thread) {
    std::uint64_t low = kAddressLimit, high = 0;
    for (const Block& block : part(thread)) {
      low = std::min(low, block.address);
      high = std::max(high, block.address + std::min(std::max<std::uint64_t>(block.size, 1),
                                                     kAddressLimit - block.address));
    }
    shares_[thread].low = low;
    shares_[thread].high = high;
  }

  void settle_limits() {
    std::uint64_t low = kAddressLimit, high = 0;
    for (const Share& share : shares_) {
      low = std::min(low, share.low);
      high = std::max(high, share.high);
    }
    index_.low_ = low;
    index_.span_ = high - low;
    index_.base_page_ = low >> kPageBits;
    const std::size_t mebibytes = ((high - 1) >> kPageBits) - index_.base_page_ + 1;
    index_.pages_ = SparseTable<std::uint32_t>(mebibytes);
    for (Share& share : shares_) share.counts = SparseTable<std::uint32_t>(mebibytes);
  }

  void count(unsigned thread) {
    Share& share = shares_[thread];
    for (const Block& block : part(thread)) {
      const std::uint64_t mebibyte = mebibyte_of(block);
      if (share.counts[mebibyte]++ == 0) share.named.push_back(mebibyte);
    }
  }

  // A page of groups for every mebibyte in which a block starts, numbered in the order of
  // addresses, and where its blocks go.
  void name_pages() {
    for (const Share& share : shares_) {
      named_.insert(named_.end(), share.named.begin(), share.named.end());
    }
    std::sort(named_.begin(), named_.end());
    named_.erase(std::unique(named_.begin(), named_.end()), named_.end());
    first_of_.reserve(named_.size() + 1);
    std::uint32_t before = 0;
    for (std::uint32_t page = 0; page < named_.size(); ++page) {
      index_.pages_[named_[page]] = page + 1;
      first_of_.push_back(before);
      for (Share& share : shares_) {
        const std::uint32_t here = share.counts[named_[page]];
        if (here == 0) continue;  // the table stays sparse
        share.counts[named_[page]] = before;
        before += here;
      }
    }
    first_of_.push_back(before);
    index_.groups_ = SparseTable<Group>(named_.size() * kGroupsPerPage, true);
  }

  void bring_together(unsigned thread) {
    SparseTable<std::uint32_t>& next = shares_[thread].counts;
    for (const Block& block : part(thread)) by_pages_[next[mebibyte_of(block)]++] = block;
  }

  static std::size_t group_of(const Block& block) {
    return (block.address >> kGroupBits) & (kGroupsPerPage - 1);
  }

  // Each block of a page to its number. In groups that are searched the number is the next free
  // one, and their few blocks are sorted afterwards.
  void sort(std::size_t page) {
    Group* const groups = index_.groups_.data() + page * kGroupsPerPage;
    const std::span<const Block> here{by_pages_.data() + first_of_[page],
                                      first_of_[page + 1] - first_of_[page]};
    for (const Block& block : here) {
      Group& group = groups[group_of(block)];
      group.starts |= 1ULL << (block.address >> 3 & 63);
      ++group.odd;
      if ((block.address & 7) != 0) group.odd |= kUnaligned;
    }
    std::uint32_t before = first_of_[page];
    for (std::size_t i = 0; i < kGroupsPerPage; ++i) {
      Group& group = groups[i];
      group.first = before;
      before += group.odd & ~kUnaligned;
      const bool plain = group.odd == static_cast<std::uint32_t>(std::popcount(group.starts));
      group.odd = plain ? 0 : 1;
    }
    std::vector<Group*> searched;
    for (const Block& block : here) {
      Group& group = groups[group_of(block)];
      if (group.odd == 0) {
        const std::uint64_t earlier = (1ULL << (block.address >> 3 & 63)) - 1;
        blocks_[group.first + static_cast<std::uint32_t>(std::popcount(group.starts & earlier))] =
            block;
      } else {
        if (group.odd == 1) searched.push_back(&group);
        blocks_[group.first + group.odd++ - 1] = block;
      }
    }
    for (Group* group : searched) {
      const auto first = blocks_.begin() + group->first;
      std::sort(first, first + (group->odd - 1),
                [](const Block& a, const Block& b) { return a.address < b.address; });
      group->odd = 1;
    }
    for (std::uint32_t i = first_of_[page]; i + 1 < first_of_[page + 1]; ++i) {
      blocks_[i].size = std::min(blocks_[i].size, blocks_[i + 1].address - blocks_[i].address);
    }
  }

  // The last of each page may reach into the next ones: those in which none starts name it.
  void cut_last_sizes() {
    for (std::size_t page = 0; page < named_.size(); ++page) {
      const std::uint32_t last = first_of_[page + 1] - 1;
      const bool is_last = last + 1 == blocks_.size();
      const std::uint64_t limit = is_last ? kAddressLimit : blocks_[last + 1].address;
      Block& block = blocks_[last];
      block.size = std::min(block.size, limit - block.address);
      const std::uint64_t end = block.address + block.size;
      for (std::uint64_t at = (block.address >> kPageBits) + 1; at << kPageBits < end; ++at) {
        std::uint32_t& name = index_.pages_[at - index_.base_page_];
        if (name == 0) name = kCovered | last;
      }
    }
  }

  BlockIndex& index_;
  std::vector<Block>& blocks_;
  unsigned threads_;
  std::vector<Share> shares_;
  std::vector<std::uint64_t> named_;     // mebibytes, by page
  std::vector<std::uint32_t> first_of_;  // by page: the blocks before it
  SparseTable<Block> by_pages_;          // the blocks, those of a page together
};

BlockIndex::BlockIndex(std::vector<Block>& blocks, unsigned threads) : blocks_(blocks) {
  if (!blocks.empty()) Builder(*this, threads).build();
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
