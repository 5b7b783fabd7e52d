#include "collector/reachability/scan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

#include "collector/reachability/crew.h"
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

std::uint64_t bytes_of(const std::vector<Block>& blocks) {
  std::uint64_t bytes = 0;
  for (const Block& block : blocks) bytes += std::min(block.size, BlockIndex::kAddressLimit);
  return bytes;
}

// Blocks of a unit: many, so that a piece of memory is worth a system call, but few enough for
// units to be shared out evenly.
unsigned unit_bits_for(std::size_t blocks) {
  constexpr unsigned kMostBits = 10, kWantedUnitsBits = 6;
  const auto bits = static_cast<unsigned>(std::bit_width(blocks));
  return bits < kWantedUnitsBits ? 0 : std::min(kMostBits, bits - kWantedUnitsBits);
}

// The words that may be addresses. found(word's number, word) for each, in order, with the table's
// lines on their way to the cache since kAhead words before. Twice the speed in a heap of
// gigabytes.
template <typename Found>
void find_candidates(const BlockIndex& index, std::span<const std::uint64_t> words, Found found) {
  constexpr std::size_t kBatch = 2048, kAhead = 24;
  std::array<std::uint32_t, kBatch> candidates;  // NOLINT: written before it is read
  for (std::size_t first = 0; first < words.size(); first += kBatch) {
    const std::size_t end = std::min(words.size(), first + kBatch);
    std::size_t count = 0;
    // Without a branch: whether a word is a pointer is chance.
    for (std::size_t i = first; i < end; ++i) {
      candidates[count] = static_cast<std::uint32_t>(i);
      count += index.in_reach(words[i]) ? 1 : 0;
    }
    for (std::size_t i = 0; i < std::min(count, kAhead); ++i) index.prefetch(words[candidates[i]]);
    for (std::size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) index.prefetch(words[candidates[i + kAhead]]);
      found(candidates[i], words[candidates[i]]);
    }
  }
}

}  // namespace

// Memory in pieces of a chunk, for one thread.
class Scan::Reader {
 public:
  explicit Reader(Memory& memory) : memory_(memory), buffer_(kChunk / kWord) {}

  // The aligned words of a range, as far as they are there: look(address, words).
  template <typename Look>
  void read(Range range, const std::function<void()>* progress, Look look) {
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
        look(at, std::span<const std::uint64_t>(buffer_).first(got / kWord));
        at += got & ~(kWord - 1);
        if (got < wanted) {
          const std::uint64_t next = std::min((at / kPage + 1) * kPage, present.end);
          unreadable_bytes += next - at;
          at = next;
        }
        if (progress != nullptr && *progress) (*progress)();
      }
    }
  }

  std::uint64_t unreadable_bytes = 0;

 private:
  Memory& memory_;
  std::vector<std::uint64_t> buffer_;
};

// The contents of blocks, unit by unit, for one thread. What it finds of a unit is put down when
// the unit is done, in places that are that unit's alone.
class Scan::UnitReader {
 public:
  UnitReader(Scan& scan, const std::function<void()>* progress)
      : scan_(scan), blocks_(scan.blocks_), on_progress_(progress), reader_(scan.memory_) {}

  void read(std::size_t unit) {
    const std::size_t length = std::size_t{1} << scan_.unit_bits_;
    const std::size_t first = unit << scan_.unit_bits_;
    unit_end_ = std::min(blocks_.size(), first + length);
    current_ = first;
    starts_.assign(1, 0);
    edges_.clear();
    for (std::size_t i = first; i < unit_end_;) {
      Range range{blocks_[i].address, blocks_[i].address + blocks_[i].size};
      for (++i; i < unit_end_ && blocks_[i].address < range.end + kSmallGap &&
                range.end - range.start < kChunk;
           ++i) {
        range.end = blocks_[i].address + blocks_[i].size;
      }
      range.start &= ~(kWord - 1);
      reader_.read(range, on_progress_, [this](std::uint64_t at, auto words) { look(at, words); });
    }
    while (current_ < unit_end_) end_block();
    put_down(unit);
  }

  // Hands over what was found, after the last unit.
  void add_to(ScanFigures& figures, std::vector<std::vector<std::uint32_t>>& edges) {
    figures.block_bytes += block_bytes_;
    figures.unreadable_bytes += reader_.unreadable_bytes;
    for (std::vector<std::uint32_t>& piece : pieces_) edges.push_back(std::move(piece));
  }

 private:
  // A piece of memory that holds whole blocks, parts of one, or both.
  void look(std::uint64_t at, std::span<const std::uint64_t> words) {
    find_candidates(scan_.index_, words, [&](std::size_t i, std::uint64_t word) {
      const std::uint64_t where = at + i * kWord;
      while (current_ < unit_end_ && where >= end_of(current_)) {
        count_bytes(at, at + words.size() * kWord);
        end_block();
      }
      if (current_ == unit_end_) return;
      if (where < blocks_[current_].address || where + kWord > end_of(current_)) return;
      const Target target = scan_.index_.find(word);
      if (target.block != kNoBlock) note(word, target);
    });
    const std::uint64_t end = at + words.size() * kWord;
    while (current_ < unit_end_ && end_of(current_) <= end) {
      count_bytes(at, end);
      end_block();
    }
    if (current_ < unit_end_) count_bytes(at, end);  // the rest of it comes with the next piece
  }

  [[nodiscard]] std::uint64_t end_of(std::size_t block) const {
    return blocks_[block].address + blocks_[block].size;
  }

  void note(std::uint64_t word, Target target) {
    if (target.interior) {
      if (target.block == current_) return;  // what points to itself holds nothing
      interior_.push_back({static_cast<std::uint32_t>(current_), target.block,
                           word - blocks_[target.block].address});
    } else if (edges_.size() == starts_.back() || edges_.back() != target.block) {
      edges_.push_back(target.block);
    }
  }

  void end_block() {
    starts_.push_back(edges_.size());
    ++current_;
  }

  // What of the current block lies in this piece.
  void count_bytes(std::uint64_t at, std::uint64_t end) {
    const std::uint64_t first = std::max(up(blocks_[current_].address), at);
    const std::uint64_t last = std::min(end_of(current_), end) & ~(kWord - 1);
    if (first < last) block_bytes_ += last - first;
  }

  void put_down(std::size_t unit) {
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    if (pieces_.empty() || pieces_.back().capacity() - pieces_.back().size() < edges_.size()) {
      reserve_huge(pieces_.emplace_back(), std::max(kPiece, edges_.size()));
    }
    std::vector<std::uint32_t>& piece = pieces_.back();
    const std::uint32_t* const base = piece.data() + piece.size();
    piece.insert(piece.end(), edges_.begin(), edges_.end());
    const std::uint32_t** const places =
        scan_.first_edge_.data() + (unit << scan_.unit_bits_) + unit;
    for (std::size_t i = 0; i < starts_.size(); ++i) places[i] = base + starts_[i];
    scan_.units_[unit].interior.assign(interior_.begin(), interior_.end());
    interior_.clear();
  }

  Scan& scan_;
  const std::vector<Block>& blocks_;
  const std::function<void()>* on_progress_;
  Reader reader_;
  std::size_t current_ = 0, unit_end_ = 0;  // the block whose contents come next; the unit's last
  std::vector<std::size_t> starts_;         // of the unit's blocks in edges_
  std::vector<std::uint32_t> edges_;
  std::vector<InteriorEdge> interior_;
  std::vector<std::vector<std::uint32_t>> pieces_;
  std::uint64_t block_bytes_ = 0;
};

Scan::Scan(std::vector<Block> blocks, Memory& memory, unsigned threads)
    : blocks_(std::move(blocks)),
      memory_(memory),
      threads_(threads == 0 ? threads_worth(bytes_of(blocks_)) : threads),
      unit_bits_(unit_bits_for(blocks_.size())),
      index_(blocks_, threads_),
      root_reader_(std::make_unique<Reader>(memory)) {}

Scan::~Scan() = default;

void Scan::add_root(std::uint32_t root, Range range) {
  auto block =
      std::upper_bound(blocks_.begin(), blocks_.end(), range.start,
                       [](std::uint64_t address, const Block& b) { return address < b.address; });
  if (block != blocks_.begin() && (block - 1)->address + (block - 1)->size > range.start) --block;
  while (range.start < range.end) {
    const std::uint64_t stop =
        block == blocks_.end() ? range.end : std::min(range.end, block->address);
    if (range.start < stop) {
      root_reader_->read({range.start, stop}, &on_progress,
                         [&](std::uint64_t at, std::span<const std::uint64_t> words) {
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
  find_candidates(index_, words, [&](std::size_t i, std::uint64_t word) {
    const Target target = index_.find(word);
    if (target.block == kNoBlock) return;
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

void Scan::read_blocks() {
  const std::size_t count = units();
  first_edge_ = SparseTable<const std::uint32_t*>(blocks_.size() + count, true);
  units_.resize(count);
  std::vector<UnitReader> readers;
  readers.reserve(threads_);
  for (unsigned i = 0; i < threads_; ++i)
    readers.emplace_back(*this, i == 0 ? &on_progress : nullptr);
  std::atomic<std::size_t> next{0};
  // Relaxed: the number alone; what is put down is read after the threads were joined.
  run_crew(threads_, [&](unsigned thread) {
    std::size_t unit = 0;
    while ((unit = next.fetch_add(1, std::memory_order_relaxed)) < count)
      readers[thread].read(unit);
  });
  for (UnitReader& reader : readers) reader.add_to(figures_, edges_);
  figures_.unreadable_bytes += root_reader_->unreadable_bytes;
  collect_interior();
}

// In the order of the blocks; a unit's own are given back on the way.
void Scan::collect_interior() {
  std::size_t count = interior_.size();
  for (const Unit& unit : units_) count += unit.interior.size();
  interior_.reserve(count);
  for (Unit& unit : units_) {
    interior_.insert(interior_.end(), unit.interior.begin(), unit.interior.end());
    std::vector<InteriorEdge>().swap(unit.interior);
  }
  std::vector<Unit>().swap(units_);
}

}  // namespace memwatch::reachability
