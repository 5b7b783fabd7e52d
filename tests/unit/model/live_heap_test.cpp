#include "collector/model/live_heap.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>
#include <vector>

namespace memwatch::model {
namespace {

TEST(LiveHeap, KnowsNothingAtFirst) {
  LiveHeap heap;
  LiveBlock removed;
  EXPECT_EQ(heap.find(0), nullptr);
  EXPECT_EQ(heap.find(0x1000), nullptr);
  EXPECT_FALSE(heap.remove(0, &removed));
  EXPECT_FALSE(heap.remove(0x1000, &removed));
  EXPECT_EQ(heap.size(), 0U);
}

TEST(LiveHeap, GivesBackWhatWasPutIn) {
  LiveHeap heap;
  heap.insert({0x1000, 7, 3, 2});
  const LiveBlock* found = heap.find(0x1000);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->size, 7U);
  EXPECT_EQ(found->site, 3U);
  EXPECT_EQ(found->thread, 2U);
  LiveBlock removed;
  EXPECT_TRUE(heap.remove(0x1000, &removed));
  EXPECT_EQ(removed.size, 7U);
  EXPECT_FALSE(heap.remove(0x1000, &removed));
}

TEST(LiveHeap, HoldsTheHighestAndOddestAddresses) {
  LiveHeap heap;
  for (const std::uint64_t address : {~0ULL, ~0ULL - 1, 1ULL, 3ULL, 1ULL << 63}) {
    heap.insert({address, address, 0, 0});
  }
  for (const std::uint64_t address : {~0ULL, ~0ULL - 1, 1ULL, 3ULL, 1ULL << 63}) {
    ASSERT_NE(heap.find(address), nullptr) << address;
    EXPECT_EQ(heap.find(address)->size, address);
  }
}

// How a program's addresses may lie: densely, in clusters, spread out, all alike in their low bits.
enum class Pattern { dense, clusters, spread, aligned };

std::uint64_t draw(Pattern pattern, std::mt19937_64& random, unsigned range) {
  switch (pattern) {
    case Pattern::dense:
      return 0x5555'0000'0000 + random() % range * 16;
    case Pattern::clusters:
      return 0x7f00'0000'0000 + (random() % 8 << 32) + random() % (range / 8 + 1) * 16;
    case Pattern::spread:
      return (random() % range + 1) * 0x9e3779b97f4a7c15ULL;
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
      if (truth.contains(address)) continue;
      const LiveBlock block{address, random() % 1000, i, i % 7};
      heap.insert(block);
      truth.emplace(address, block);
      seen.push_back(address);
    } else {
      const std::uint64_t victim = seen.empty() ? address : seen[random() % seen.size()];
      LiveBlock removed;
      const auto known = truth.find(victim);
      ASSERT_EQ(heap.remove(victim, &removed), known != truth.end());
      if (known == truth.end()) continue;
      ASSERT_EQ(removed.address, victim);
      ASSERT_EQ(removed.site, known->second.site);
      truth.erase(known);
    }
    ASSERT_EQ(heap.size(), truth.size());
  }
  for (const std::uint64_t address : seen) {
    const auto known = truth.find(address);
    const LiveBlock* found = heap.find(address);
    ASSERT_EQ(found != nullptr, known != truth.end());
    if (found != nullptr) {
      ASSERT_EQ(found->site, known->second.site);
    }
  }
}

TEST(LiveHeap, AgreesWithAMapOverRandomLives) {
  for (const Pattern pattern :
       {Pattern::dense, Pattern::clusters, Pattern::spread, Pattern::aligned}) {
    for (unsigned seed = 0; seed < 8; ++seed) {
      for (const unsigned range : {40U, 900U, 100'000U}) {
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
  for (std::uint64_t i = 1; i <= kBlocks; ++i) heap.insert({i * 16, i, 0, 0});
  EXPECT_EQ(heap.size(), kBlocks);
  LiveBlock removed;
  for (std::uint64_t i = 1; i <= kBlocks; ++i) {
    ASSERT_TRUE(heap.remove(i * 16, &removed));
    ASSERT_EQ(removed.size, i);
    if (i % 1000 == 0 && i < kBlocks) {
      ASSERT_NE(heap.find(kBlocks * 16), nullptr);
    }
  }
  EXPECT_EQ(heap.size(), 0U);
}

}  // namespace
}  // namespace memwatch::model
