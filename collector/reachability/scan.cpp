#include "collector/reachability/scan.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "collector/reachability/huge_pages.h"

namespace memwatch::reachability {

namespace {

constexpr std::uint64_t kWord = sizeof(std::uint64_t);
// Read at a time: small enough to be still in the nearer caches when it is looked at.
constexpr std::size_t kChunk = std::size_t{256} << 10;
constexpr std::uint64_t kPage = 4096;
// Two blocks with less than this between them are read in one piece.
constexpr std::uint64_t kSmallGap = 2 * kPage;

std::uint64_t up(std::uint64_t address) {
  return (address + kWord - 1) & ~(kWord - 1);
}

}  // namespace

// Words that may be addresses, a handful at a time: the table's lines are on their way to the cache
// while the next words are looked at. Twice the speed in a heap of gigabytes.
class Scan::Finder {
 public:
  explicit Finder(const BlockIndex& index) : index_(index) {}

  // found(word's number, word, target) for each word that points into a block, in order.
  template <typename Found>
  void look(std::span<const std::uint64_t> words, Found found) {
    for (std::size_t i = 0; i < words.size();) {
      const std::size_t stop = std::min(words.size(), i + kAtOnce);
      // Without a branch: whether a word is a pointer is chance.
      for (; i < stop; ++i) {
        waiting_[count_] = static_cast<std::uint32_t>(i);
        count_ += index_.in_reach(words[i]) ? 1 : 0;
      }
      if (count_ >= kWaiting) flush(words, found);
    }
    flush(words, found);
  }

 private:
  template <typename Found>
  void flush(std::span<const std::uint64_t> words, Found found) {
    for (std::size_t i = 0; i < count_; ++i) index_.prefetch(words[waiting_[i]]);
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint64_t word = words[waiting_[i]];
      const Target target = index_.find(word);
      if (target.block != kNoBlock) found(waiting_[i], word, target);
    }
    count_ = 0;
  }

  static constexpr std::size_t kWaiting = 24, kAtOnce = 16;
  const BlockIndex& index_;
  std::array<std::uint32_t, kWaiting + kAtOnce> waiting_{};
  std::size_t count_ = 0;
};

Scan::Scan(std::vector<Block> blocks, Memory& memory)
    : blocks_(std::move(blocks)), memory_(memory), index_(blocks_), buffer_(kChunk / kWord) {}

// Reads the aligned words of a range, as far as they are there, in pieces of a chunk.
void Scan::read_range(
    Range range, const std::function<void(std::uint64_t, std::span<const std::uint64_t>)>& look) {
  std::uint64_t at = up(range.start);
  const std::uint64_t end = range.end & ~(kWord - 1);
  while (at < end) {
    Range present = memory_.next_present(at, end);
    present.start = up(std::max(present.start, at));
    present.end = std::min(present.end, end) & ~(kWord - 1);
    if (present.start >= present.end) return;
    for (at = present.start; at < present.end;) {
      const std::uint64_t wanted = std::min<std::uint64_t>(kChunk, present.end - at);
      const std::size_t got = memory_.read(at, buffer_.data(), static_cast<std::size_t>(wanted));
      look(at, std::span(buffer_).first(got / kWord));
      at += got & ~(kWord - 1);
      if (got < wanted) {
        const std::uint64_t next = std::min((at / kPage + 1) * kPage, present.end);
        figures_.unreadable_bytes += next - at;
        at = next;
      }
      if (on_progress) on_progress();
    }
  }
}

void Scan::add_root(std::uint32_t root, Range range) {
  auto block =
      std::upper_bound(blocks_.begin(), blocks_.end(), range.start,
                       [](std::uint64_t address, const Block& b) { return address < b.address; });
  if (block != blocks_.begin() && (block - 1)->address + (block - 1)->size > range.start) --block;
  while (range.start < range.end) {
    const std::uint64_t stop =
        block == blocks_.end() ? range.end : std::min(range.end, block->address);
    if (range.start < stop) {
      read_range({range.start, stop}, [&](std::uint64_t at, std::span<const std::uint64_t> words) {
        figures_.root_bytes += words.size() * kWord;
        look_at_root(root, at, words);
      });
    }
    if (block == blocks_.end() || stop == range.end) return;
    range.start = std::max(range.start, block->address + block->size);
    ++block;
  }
}

void Scan::look_at_root(std::uint32_t root, std::uint64_t at,
                        std::span<const std::uint64_t> words) {
  Finder(index_).look(words, [&](std::size_t i, std::uint64_t word, Target target) {
    if (target.interior) {
      interior_.push_back({kNoBlock, target.block, word - blocks_[target.block].address});
    }
    // Kept for interior ones too: who holds a block asks where the word is.
    root_edges_.push_back({target.interior ? root | kInteriorRoot : root, target.block,
                           at == 0 ? 0 : at + i * kWord});
  });
}

void Scan::add_root_words(std::uint32_t root, std::span<const std::uint64_t> words) {
  look_at_root(root, 0, words);
}

void Scan::add_root_block(std::uint32_t root, std::uint64_t address) {
  if (!index_.in_reach(address)) return;
  const Target target = index_.find(address);
  if (target.block != kNoBlock) root_edges_.push_back({root, target.block, 0});
}

std::optional<std::uint32_t> Scan::block_at(std::uint64_t address) const {
  if (!index_.in_reach(address)) return std::nullopt;
  const Target target = index_.find(address);
  return target.block == kNoBlock ? std::nullopt : std::optional(target.block);
}

void Scan::start_block(std::uint32_t block) {
  while (current_ < block) first_edge_[++current_] = edges_.size();
}

// A piece of memory that holds whole blocks, parts of one, or both.
void Scan::look_at_blocks(std::uint64_t at, std::span<const std::uint64_t> words) {
  const std::uint64_t end = at + words.size() * kWord;
  std::uint32_t block = current_;
  Finder finder(index_);
  while (block < blocks_.size() && blocks_[block].address < end) {
    const Block& from = blocks_[block];
    const std::uint64_t first = std::max(up(from.address), at);
    const std::uint64_t last = std::min(from.address + from.size, end) & ~(kWord - 1);
    start_block(block);
    if (first < last) {
      figures_.block_bytes += last - first;
      const std::size_t offset = (first - at) / kWord;
      const std::size_t begin = edges_.size();
      finder.look(
          words.subspan(offset, (last - first) / kWord),
          [&](std::size_t, std::uint64_t word, Target target) {
            if (target.interior) {
              if (target.block == block) return;  // what points to itself holds nothing
              interior_.push_back({block, target.block, word - blocks_[target.block].address});
            } else if (edges_.size() == begin || edges_.back() != target.block) {
              edges_.push_back(target.block);
            }
          });
    }
    if (from.address + from.size > end) return;  // the rest of it comes with the next piece
    ++block;
  }
}

void Scan::read_blocks() {
  reserve_huge(first_edge_, blocks_.size() + 1);
  first_edge_.assign(blocks_.size() + 1, 0);
  reserve_huge(edges_, blocks_.size());
  for (std::size_t i = 0; i < blocks_.size();) {
    Range range{blocks_[i].address, blocks_[i].address + blocks_[i].size};
    for (++i; i < blocks_.size() && blocks_[i].address < range.end + kSmallGap &&
              range.end - range.start < kChunk;
         ++i) {
      range.end = blocks_[i].address + blocks_[i].size;
    }
    range.start &= ~(kWord - 1);
    read_range(range, [this](std::uint64_t at, std::span<const std::uint64_t> words) {
      look_at_blocks(at, words);
    });
    start_block(static_cast<std::uint32_t>(i));
  }
  start_block(static_cast<std::uint32_t>(blocks_.size()));
}

}  // namespace memwatch::reachability
