#include "collector/model/live_heap.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

namespace memwatch::model {
namespace {

void expect_same(const LiveBlock& is, const LiveBlock& wanted) {
  EXPECT_EQ(is.address, wanted.address);
  EXPECT_EQ(is.size, wanted.size);
  EXPECT_EQ(is.site, wanted.site);
  EXPECT_EQ(is.origin, wanted.origin);
}

// A block whose address is known not to be taken.
void add_new(LiveHeap& heap, const LiveBlock& block) {
  LiveBlock stale;
  ASSERT_FALSE(heap.add(block, &stale));
}

TEST(LiveHeap, KnowsNothingAtFirst) {
  LiveHeap heap;
  LiveBlock removed;
  EXPECT_FALSE(heap.find(0));
  EXPECT_FALSE(heap.find(0x1000));
  EXPECT_FALSE(heap.remove(0, &removed));
  EXPECT_FALSE(heap.remove(0x1000, &removed));
  EXPECT_EQ(heap.size(), 0U);
}

TEST(LiveHeap, GivesBackWhatWasPutIn) {
  LiveHeap heap;
  const LiveBlock block{0x1000, 7, 3, 2};
  add_new(heap, block);
  ASSERT_TRUE(heap.find(0x1000));
  expect_same(*heap.find(0x1000), block);
  LiveBlock removed;
  EXPECT_TRUE(heap.remove(0x1000, &removed));
  expect_same(removed, block);
  EXPECT_FALSE(heap.remove(0x1000, &removed));
}

// On both sides of what fits into a place of the table: address, size, site and origin.
std::vector<LiveBlock> blocks_of_all_extremes() {
  std::vector<LiveBlock> blocks;
  for (const std::uint64_t address :
       {1ULL, 3ULL, (1ULL << 48) - 1, 1ULL << 48, 1ULL << 63, ~0ULL}) {
    for (const std::uint64_t size : {0ULL, 1ULL, (1ULL << 32) - 1, 1ULL << 32, ~0ULL}) {
      for (const std::uint32_t number : {0U, 0xffffU, 0x10000U, ~0U}) {
        blocks.push_back({address, size, ~number, number});
      }
    }
  }
  return blocks;
}

TEST(LiveHeap, HoldsBlocksOfAllExtremes) {
  for (const LiveBlock& block : blocks_of_all_extremes()) {
    LiveHeap heap;
    add_new(heap, block);
    ASSERT_EQ(heap.size(), 1U);
    ASSERT_TRUE(heap.find(block.address));
    expect_same(*heap.find(block.address), block);
    LiveBlock removed;
    ASSERT_TRUE(heap.remove(block.address, &removed));
    expect_same(removed, block);
    ASSERT_EQ(heap.size(), 0U);
    ASSERT_FALSE(heap.find(block.address));
  }
}

TEST(LiveHeap, HandsOutTheBlockThatANewOneReplaces) {
  LiveHeap heap;
  const std::vector<LiveBlock> blocks = blocks_of_all_extremes();
  std::unordered_map<std::uint64_t, LiveBlock> truth;
  for (const LiveBlock& block : blocks) {
    LiveBlock stale;
    const auto known = truth.find(block.address);
    ASSERT_EQ(heap.add(block, &stale), known != truth.end());
    if (known != truth.end()) expect_same(stale, known->second);
    truth[block.address] = block;
    ASSERT_EQ(heap.size(), truth.size());
    expect_same(*heap.find(block.address), block);
  }
}

// How a program's addresses may lie: densely, in clusters, spread out, all alike in their low bits.
enum class Pattern { dense, clusters, spread, user_space, aligned };

std::uint64_t draw(Pattern pattern, std::mt19937_64& random, unsigned range) {
  switch (pattern) {
    case Pattern::dense:
      return 0x5555'0000'0000 + random() % range * 16;
    case Pattern::clusters:
      return 0x7f00'0000'0000 + (random() % 8 << 32) + random() % (range / 8 + 1) * 16;
    case Pattern::spread:
      return (random() % range + 1) * 0x9e3779b97f4a7c15ULL;
    case Pattern::user_space:
      return draw(Pattern::spread, random, range) >> 17;
    case Pattern::aligned:
      return (random() % range + 1) << 21;
  }
  return 0;
}

struct Life {
  Pattern pattern;
  unsigned range;  // distinct addresses: small ones collide and grow little, large ones grow much
  unsigned seed;
};

void compare_with_map(const Life& life, unsigned operations) {
  std::mt19937_64 random(life.seed);
  LiveHeap heap;
  std::unordered_map<std::uint64_t, LiveBlock> truth;
  std::vector<std::uint64_t> seen;
  for (unsigned i = 0; i < operations; ++i) {
    // Waves: mostly growing for a while, then mostly shrinking, so that deletion shifts long runs.
    const bool growing = i / 4096 % 2 == 0;
    const std::uint64_t address = draw(life.pattern, random, life.range);
    if (random() % 4 != 0 ? growing : !growing) {
      const std::uint64_t size = random() % 50 == 0 ? 1ULL << 32 : random() % 1000;
      const LiveBlock block{address, size, i, i % 7};
      LiveBlock stale;
      const auto known = truth.find(address);
      ASSERT_EQ(heap.add(block, &stale), known != truth.end());
      if (known != truth.end()) {
        ASSERT_EQ(stale.site, known->second.site);
      }
      truth[address] = block;
      seen.push_back(address);
    } else {
      const std::uint64_t victim = seen.empty() ? address : seen[random() % seen.size()];
      LiveBlock removed;
      const auto known = truth.find(victim);
      ASSERT_EQ(heap.remove(victim, &removed), known != truth.end());
      if (known == truth.end()) continue;
      ASSERT_EQ(removed.address, victim);
      ASSERT_EQ(removed.site, known->second.site);
      ASSERT_EQ(removed.size, known->second.size);
      ASSERT_EQ(removed.origin, known->second.origin);
      truth.erase(known);
    }
    ASSERT_EQ(heap.size(), truth.size());
  }
  for (const std::uint64_t address : seen) {
    const auto known = truth.find(address);
    const std::optional<LiveBlock> found = heap.find(address);
    ASSERT_EQ(found.has_value(), known != truth.end());
    if (found) {
      ASSERT_EQ(found->site, known->second.site);
    }
  }
}

TEST(LiveHeap, AgreesWithAMapOverRandomLives) {
  for (const Pattern pattern : {Pattern::dense, Pattern::clusters, Pattern::spread,
                                Pattern::user_space, Pattern::aligned}) {
    for (unsigned seed = 0; seed < 8; ++seed) {
      for (const unsigned range : {40U, 1400U, 100'000U}) {
        SCOPED_TRACE(testing::Message() << "pattern " << static_cast<int>(pattern) << " range "
                                        << range << " seed " << seed);
        ASSERT_NO_FATAL_FAILURE(compare_with_map({pattern, range, seed}, 20'000));
      }
    }
  }
}

TEST(LiveHeap, StaysFindableThroughGrowthAndEmptying) {
  LiveHeap heap;
  constexpr std::uint64_t kBlocks = 200'000;
  for (std::uint64_t i = 1; i <= kBlocks; ++i) add_new(heap, {i * 16, i, 0, 0});
  EXPECT_EQ(heap.size(), kBlocks);
  LiveBlock removed;
  for (std::uint64_t i = 1; i <= kBlocks; ++i) {
    ASSERT_TRUE(heap.remove(i * 16, &removed));
    ASSERT_EQ(removed.size, i);
    if (i % 1000 == 0 && i < kBlocks) {
      ASSERT_TRUE(heap.find(kBlocks * 16));
    }
  }
  EXPECT_EQ(heap.size(), 0U);
}

// Fills the table to just below the growth of its parts, over and over, where buckets overflow into
// their neighbours, the last ones into the first.
TEST(LiveHeap, StaysFindableWhileBucketsOverflow) {
  LiveHeap heap;
  std::mt19937_64 random(1);
  std::unordered_map<std::uint64_t, std::uint32_t> truth;
  std::vector<std::uint64_t> live;
  for (std::uint32_t i = 0; i < 300'000; ++i) {
    LiveBlock block;
    if (live.size() < 1200 && random() % 8 != 0) {
      block = {1 + random() % (1ULL << 47), 1, i, 0};
      if (!truth.emplace(block.address, i).second) continue;
      live.push_back(block.address);
      add_new(heap, block);
      continue;
    }
    if (live.empty()) continue;
    std::swap(live[random() % live.size()], live.back());
    ASSERT_TRUE(heap.remove(live.back(), &block));
    ASSERT_EQ(block.site, truth[live.back()]);
    truth.erase(live.back());
    live.pop_back();
    if (i % 1000 != 0) continue;
    for (const std::uint64_t address : live) ASSERT_EQ(heap.find(address)->site, truth[address]);
  }
}

}  // namespace
}  // namespace memwatch::model
