// What points to what: one pass over a process's roots and over the contents of its blocks, in the
// order of their addresses, which keeps every word that points into a block. The verdicts
// (verdict.h) and paths (holders.h) are made from what is kept, so the process need not stand still
// for them, but for the few words that known layouts are recognised by.
//
// Kept per block: its own 24 bytes, 8, and 4 per pointer to a start, 16 per interior pointer, 12
// per pointer in a root; while blocks are sorted, 24 more. A word counts if it is aligned; a
// block's inside is its requested size.
//
// Large heaps are read by two threads, a unit of neighbouring blocks each at a time. Which thread
// takes which unit is chance and decides nothing but where in memory a unit's pointers are kept:
// what is found, and in what order it is given, is the same with any number of threads. Only the
// caller's thread calls on_progress. To the outside single-threaded; throws std::bad_alloc.
// Unreadable memory is counted and left out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "collector/reachability/block_index.h"
#include "collector/reachability/memory.h"
#include "collector/reachability/sparse_table.h"

namespace memwatch::reachability {

// A pointer into the inside of a block.
struct InteriorEdge {
  std::uint32_t from = 0;  // a block, or kNoBlock: a root
  std::uint32_t to = 0;
  std::uint64_t offset = 0;  // of the word it points to, from the block's start
};

// A word outside of all blocks that points into one.
inline constexpr std::uint32_t kInteriorRoot = 1U << 31;
struct RootEdge {
  std::uint32_t root = 0;  // as add_root numbered it, and kInteriorRoot if the word points inside
  std::uint32_t to = 0;
  std::uint64_t where = 0;  // address of the word; 0: a register
};

struct ScanFigures {
  std::uint64_t root_bytes = 0, block_bytes = 0;  // looked at
  std::uint64_t unreadable_bytes = 0;             // mapped, but not to be read
};

class Scan {
 public:
  // Blocks in any order; those of one address twice, or beyond the index's limit, are refused by
  // the caller. Sorts them. `threads`: 0: as many as the heap is worth; with more than one, memory
  // is read by all of them at once.
  Scan(std::vector<Block> blocks, Memory& memory, unsigned threads = 0);
  ~Scan();

  // Called now and then while memory is read, for callers who owe somebody a heartbeat.
  std::function<void()> on_progress;

  // Roots are numbered by the caller. Ranges of memory, words (registers), and blocks that are
  // alive by decree. Parts of a range that are blocks are left out: they count only if reached.
  void add_root(std::uint32_t root, Range range);
  void add_root_words(std::uint32_t root, std::span<const std::uint64_t> words);
  void add_root_block(std::uint32_t root, std::uint64_t address);

  // The contents of the blocks. After the roots, once.
  void read_blocks();

  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  // The block in which the address lies.
  [[nodiscard]] std::optional<std::uint32_t> block_at(std::uint64_t address) const;
  // Brings what edges_of reads into the cache: the first step some time before the second.
  void prefetch_first_edge(std::uint32_t block) const { __builtin_prefetch(&first_edge(block)); }
  void prefetch_edges(std::uint32_t block) const { __builtin_prefetch(first_edge(block)); }
  // Blocks whose starts are pointed to from within this block. After read_blocks().
  [[nodiscard]] std::span<const std::uint32_t> edges_of(std::uint32_t block) const {
    const std::uint32_t* const* const first = &first_edge(block);
    return {first[0], first[1]};
  }
  [[nodiscard]] const std::vector<RootEdge>& root_edges() const { return root_edges_; }
  // Of roots first, then of blocks in their order.
  [[nodiscard]] const std::vector<InteriorEdge>& interior_edges() const { return interior_; }
  [[nodiscard]] const ScanFigures& figures() const { return figures_; }
  // How many look at it at once, where there is enough to do.
  [[nodiscard]] unsigned threads() const { return threads_; }
  [[nodiscard]] Memory& memory() const { return memory_; }

 private:
  class Reader;
  class UnitReader;
  struct Unit {
    std::vector<InteriorEdge> interior;
  };

  void look_at_root(std::uint32_t root, std::uint64_t at, std::span<const std::uint64_t> words);
  void collect_interior();

  // A unit is 2^unit_bits_ blocks; their first edges are followed by the end of the last's.
  [[nodiscard]] std::size_t units() const {
    return (blocks_.size() + (std::size_t{1} << unit_bits_) - 1) >> unit_bits_;
  }
  [[nodiscard]] const std::uint32_t* const& first_edge(std::uint32_t block) const {
    return first_edge_[std::size_t{block} + (block >> unit_bits_)];
  }

  std::vector<Block> blocks_;
  Memory& memory_;
  unsigned threads_;
  unsigned unit_bits_ = 0;
  BlockIndex index_;
  SparseTable<const std::uint32_t*> first_edge_;
  std::vector<std::vector<std::uint32_t>> edges_;  // of units, in no order; refers to nothing
  std::vector<RootEdge> root_edges_;
  std::vector<InteriorEdge> interior_;
  std::vector<Unit> units_;  // while blocks are read
  std::unique_ptr<Reader> root_reader_;
  ScanFigures figures_;
};

}  // namespace memwatch::reachability
