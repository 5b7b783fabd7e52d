// Whatever the number of threads: the same blocks, pointers, figures, verdicts, owners and ways.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <tuple>

#include "collector/reachability/crew.h"
#include "collector/reachability/holders.h"
#include "collector/reachability/verdict.h"
#include "tests/unit/reachability/slow_verdict.h"
#include "tests/unit/reachability/synthetic_memory.h"

namespace memwatch::reachability {
namespace {

constexpr std::uint64_t kHeap = 0x555555560000;
constexpr std::uint64_t kData = 0x7ffff7a00000;

struct Heap {
  SyntheticMemory memory;
  std::vector<Block> blocks;
  std::vector<std::uint64_t> roots;
};

// Sizes from nothing to several pages, gaps, far mebibytes, odd addresses, pointers to starts, into
// blocks, beside them and past their ends, pages that cannot be read.
std::unique_ptr<Heap> random_heap(std::uint64_t seed, std::uint64_t most_blocks, bool readable) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  auto heap = std::make_unique<Heap>();
  const std::uint64_t count = 1 + below(most_blocks);
  const std::uint64_t largest = seed % 3 == 0 ? 20000 : 80;
  const std::uint64_t unit = seed % 5 == 0 ? 1 : 16;
  std::uint64_t at = kHeap + 16 * below(64);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t size = below(largest);
    heap->blocks.push_back({at, size, static_cast<std::uint32_t>(below(7)), i});
    heap->memory.map(at, std::max<std::uint64_t>(size, 1));
    at += (size / unit + 1 + below(4)) * unit + (below(30) == 0 ? below(4ULL << 20) / 16 * 16 : 0);
  }
  const auto some_pointer = [&] {
    const Block& to = heap->blocks[below(count)];
    const std::uint64_t choice = below(8);
    if (choice == 0) return to.address + below(to.size + 2);
    return choice == 1 ? to.address - below(3) : to.address;
  };
  for (const Block& block : heap->blocks) {
    const std::uint64_t first = (block.address + 7) & ~7ULL;
    for (std::uint64_t i = below(4); i > 0; --i) {
      if (first + 8 > block.address + block.size) break;
      const std::uint64_t words = (block.address + block.size - first) / 8;
      heap->memory.put(first + 8 * below(words), some_pointer());
    }
    if (!readable && below(50) == 0) heap->memory.make_unreadable(block.address);
  }
  heap->memory.map(kData, 4096);
  for (std::uint64_t i = below(6); i > 0; --i) {
    heap->roots.push_back(some_pointer());
    heap->memory.put(kData + 8 * heap->roots.size(), heap->roots.back());
  }
  std::vector<std::uint32_t> orders(count);
  for (std::uint32_t i = 0; i < count; ++i) orders[i] = i;
  std::shuffle(orders.begin(), orders.end(), random);
  for (std::uint32_t i = 0; i < count; ++i) heap->blocks[i].order = orders[i];
  std::shuffle(heap->blocks.begin(), heap->blocks.end(), random);
  return heap;
}

// All there is to know of a heap, in a form that can be compared.
struct Findings {
  std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint32_t, std::uint32_t>> blocks;
  std::vector<std::vector<std::uint32_t>> edges;
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>> interior, roots;
  std::vector<std::uint64_t> figures;
  std::vector<Kind> kinds;
  std::vector<std::uint32_t> owners;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> links;
  std::vector<std::tuple<Kind, std::uint32_t, std::uint64_t, std::uint64_t>> ways;
  std::vector<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>> steps;

  bool operator==(const Findings&) const = default;
};

Findings findings(Heap& heap, unsigned threads) {
  Scan scan(heap.blocks, heap.memory, threads);
  scan.add_root(0, {kData, kData + 4096});
  scan.add_root(1, {kHeap - 4096, kHeap + (1ULL << 16)});
  scan.read_blocks();
  const Verdicts verdicts = judge(scan, true);
  EXPECT_EQ(judge(scan).kinds, verdicts.kinds);
  Findings all;
  for (std::uint32_t i = 0; i < scan.blocks().size(); ++i) {
    const Block& block = scan.blocks()[i];
    all.blocks.emplace_back(block.address, block.size, block.site, block.order);
    const auto edges = scan.edges_of(i);
    all.edges.emplace_back(edges.begin(), edges.end());
  }
  for (const InteriorEdge& e : scan.interior_edges()) {
    all.interior.emplace_back(e.from, e.to, e.offset);
  }
  for (const RootEdge& e : scan.root_edges()) all.roots.emplace_back(e.root, e.to, e.where);
  const ScanFigures& figures = scan.figures();
  all.figures = {figures.root_bytes, figures.block_bytes, figures.unreadable_bytes};
  all.kinds = verdicts.kinds;
  all.owners = verdicts.owners;
  for (const Link& link : verdicts.links) all.links.emplace_back(link.from, link.depth);
  for (const Path& path : find_holders(scan, verdicts, {.sites = 10, .address = {}})) {
    all.ways.emplace_back(path.kind, path.source.value_or(kNoBlock), path.where, path.skipped);
    for (const Step& step : path.steps) {
      all.steps.emplace_back(step.block, step.pointer_at, step.inside);
    }
  }
  return all;
}

TEST(ThreadsTest, AnyNumberFindsTheSame) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto heap = random_heap(seed, seed % 10 == 0 ? 3000 : 100, seed % 4 != 0);
    const Findings alone = findings(*heap, 1);
    for (const unsigned threads : {2U, 3U}) {
      ASSERT_TRUE(findings(*heap, threads) == alone) << "seed " << seed << ", " << threads;
    }
  }
}

TEST(ThreadsTest, TwoJudgeAsByTheDefinition) {
  for (std::uint64_t seed = 1000; seed < 1200; ++seed) {
    const auto heap = random_heap(seed, 60, true);
    Scan scan(heap->blocks, heap->memory, 2);
    scan.add_root(0, {kData, kData + 4096});
    scan.read_blocks();
    const Verdicts fast = judge(scan);
    const Verdicts slow = slow_verdicts(scan.blocks(), heap->roots, heap->memory);
    ASSERT_EQ(fast.kinds, slow.kinds) << "seed " << seed;
    ASSERT_EQ(fast.owners, slow.owners) << "seed " << seed;
  }
}

// Enough blocks at the same distance for the marking of them to be shared out.
TEST(ThreadsTest, AWideHeapIsMarkedTheSame) {
  constexpr std::uint64_t kCount = 60'000, kSpacing = 48;
  class Wide : public Memory {
   public:
    explicit Wide(std::uint64_t seed) : words_(kCount * kSpacing / 8) {
      std::mt19937_64 random(seed);
      for (std::uint64_t i = 0; i < words_.size(); ++i) {
        // A fifth leads to starts, some into blocks; beyond the first third they are met by chance,
        // and many not at all.
        const std::uint64_t from = i / (kSpacing / 8), limit = from % 3 == 0 ? kCount : kCount / 3;
        const std::uint64_t to = kHeap + random() % limit * kSpacing;
        const std::uint64_t choice = random() % 64;
        if (choice < 12) words_[i] = to;
        if (choice == 12) words_[i] = to + 8 * (random() % 5);
      }
    }
    std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
      std::memcpy(to, words_.data() + (address - kHeap) / 8, size);
      return size;
    }
    Range next_present(std::uint64_t start, std::uint64_t end) override { return {start, end}; }

   private:
    std::vector<std::uint64_t> words_;
  };
  std::vector<Block> blocks;
  std::vector<std::uint64_t> roots;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    blocks.push_back({kHeap + i * kSpacing, kSpacing - 8, 0, i});
    if (i < 20'000 && i % 2 == 0) roots.push_back(blocks.back().address);
  }
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Wide memory(seed);
    std::vector<Kind> kinds;
    std::vector<std::uint32_t> owners;
    for (const unsigned threads : {1U, 2U, 3U}) {
      Scan scan(blocks, memory, threads);
      scan.add_root_words(0, roots);
      scan.read_blocks();
      const Verdicts verdicts = judge(scan);
      if (threads == 1) {
        kinds = verdicts.kinds;
        owners = verdicts.owners;
        ASSERT_GT(std::count(kinds.begin(), kinds.end(), Kind::reachable), 15'000);
        ASSERT_GT(std::count(kinds.begin(), kinds.end(), Kind::definite), 0);
        ASSERT_EQ(judge(scan, true).kinds, kinds) << "one by one, seed " << seed;
      }
      ASSERT_EQ(verdicts.kinds, kinds) << "seed " << seed << ", " << threads << " threads";
      ASSERT_EQ(verdicts.owners, owners) << "seed " << seed << ", " << threads << " threads";
    }
  }
}

TEST(ThreadsTest, SmallHeapsAreLeftToOne) {
  EXPECT_EQ(threads_worth(0), 1U);
  EXPECT_EQ(threads_worth((std::uint64_t{16} << 20) - 1), 1U);
  EXPECT_LE(threads_worth(std::uint64_t{1} << 30), kMostThreads);
}

TEST(ThreadsTest, WhatAThreadThrowsReachesTheCallerAfterAllHaveEnded) {
  std::atomic<int> done{0};
  const auto share = [&](unsigned thread) {
    if (thread == 1) throw std::bad_alloc();
    ++done;
  };
  EXPECT_THROW(run_crew(3, share), std::bad_alloc);
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace memwatch::reachability
