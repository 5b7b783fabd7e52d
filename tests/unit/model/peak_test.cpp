// The exact peak with its attribution, kept lazily by the product, against an oracle that copies
// every site's live bytes whenever the process reaches a new maximum.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "collector/model/live_process.h"

namespace memwatch::model {
namespace {

TEST(Peak, SharesAreThoseOfTheMomentOfThePeak) {
  LiveProcess process(~0ULL);
  const std::uint32_t thread = process.thread_row(1, "main");
  process.allocated(Function::malloc_, 0x10, 100, {1, thread, 1.0});
  process.allocated(Function::malloc_, 0x20, 50, {2, thread, 2.0});  // peak: 150
  process.freed(Function::free_, 0x10, {kNone, thread, 3.0});
  process.allocated(Function::malloc_, 0x30, 90,
                    {2, thread, 4.0});  // 140, more of site 2 than ever
  process.settle();
  EXPECT_EQ(process.facts.heap.peak_bytes, 150U);
  EXPECT_EQ(process.facts.heap.peak_blocks, 2U);
  EXPECT_DOUBLE_EQ(process.facts.heap.peak_at, 2.0);
  EXPECT_EQ(process.facts.sites[0].peak_bytes, 100U);
  EXPECT_EQ(process.facts.sites[1].peak_bytes, 50U);
  EXPECT_EQ(process.facts.sites[1].own_peak_bytes, 140U);
}

TEST(Peak, IsTheFirstMomentOfItsHeight) {
  LiveProcess process(~0ULL);
  const std::uint32_t thread = process.thread_row(1, "main");
  process.allocated(Function::malloc_, 0x10, 100, {1, thread, 1.0});
  process.freed(Function::free_, 0x10, {kNone, thread, 2.0});
  process.allocated(Function::malloc_, 0x10, 100, {2, thread, 3.0});
  process.settle();
  EXPECT_DOUBLE_EQ(process.facts.heap.peak_at, 1.0);
  EXPECT_EQ(process.facts.sites[0].peak_bytes, 100U);
  EXPECT_EQ(process.facts.sites[1].peak_bytes, 0U);
}

TEST(Peak, AReallocationDoesNotCountOldAndNewBlockTogether) {
  LiveProcess process(~0ULL);
  const std::uint32_t thread = process.thread_row(1, "main");
  process.allocated(Function::malloc_, 0x10, 100, {1, thread, 0});
  const auto old = process.release_for_reallocation(0x10);
  process.reallocated(old, Function::realloc_, 0x20, 120, {1, thread, 0});
  EXPECT_EQ(process.facts.heap.peak_bytes, 120U);
}

struct NaiveSite {
  std::uint64_t live = 0, own_peak = 0;
};

class NaivePeak {
 public:
  void grow(StackId stack, std::uint64_t size) {
    NaiveSite& site = sites_[stack];
    site.live += size;
    site.own_peak = std::max(site.own_peak, site.live);
    live_ += size;
    if (live_ <= peak_) return;
    peak_ = live_;
    at_peak_ = sites_;
  }
  void shrink(StackId stack, std::uint64_t size) {
    sites_[stack].live -= size;
    live_ -= size;
  }

  std::map<StackId, NaiveSite> sites_, at_peak_;
  std::uint64_t live_ = 0, peak_ = 0;
};

void live_a_random_life(unsigned seed) {
  std::mt19937_64 random(seed);
  struct Block {
    std::uint64_t size;
    StackId stack;
  };
  LiveProcess process(~0ULL);
  const std::uint32_t threads[] = {process.thread_row(1, "a"), process.thread_row(2, "b")};
  NaivePeak naive;
  std::map<std::uint64_t, Block> blocks;
  const unsigned sites = 1 + static_cast<unsigned>(random() % 30);
  for (unsigned i = 0; i < 3000; ++i) {
    const bool growing = i / 300 % 2 == 0;
    const EventContext context{static_cast<StackId>(1 + random() % sites), threads[random() % 2],
                               static_cast<double>(i)};
    const std::uint64_t address = 16 * (1 + random() % 200);
    const std::uint64_t size = random() % 5 == 0 ? 0 : random() % 1000;
    const auto at = blocks.find(address);
    if (at == blocks.end()) {
      if (!growing && random() % 3 != 0) continue;
      process.allocated(Function::malloc_, address, size, context);
      naive.grow(context.stack, size);
      blocks[address] = {size, context.stack};
    } else if (random() % 4 == 0) {
      const auto old = process.release_for_reallocation(address);
      process.reallocated(old, Function::realloc_, address, size, context);
      naive.shrink(at->second.stack, at->second.size);
      naive.grow(context.stack, size);
      at->second = {size, context.stack};
    } else if (!growing || random() % 3 == 0) {
      process.freed(Function::free_, address, context);
      naive.shrink(at->second.stack, at->second.size);
      blocks.erase(at);
    }
    if (random() % 500 == 0) process.settle();  // a checkpoint in between changes nothing
  }
  process.settle();
  const Process& facts = process.facts;
  ASSERT_EQ(facts.heap.live_bytes, naive.live_);
  ASSERT_EQ(facts.heap.live_blocks, blocks.size());
  ASSERT_EQ(facts.heap.peak_bytes, naive.peak_);
  ASSERT_EQ(facts.heap.live_bytes, facts.totals.allocated_bytes - facts.totals.freed_bytes);
  std::uint64_t shares = 0;
  for (const Site& site : facts.sites) {
    ASSERT_EQ(site.peak_bytes, naive.at_peak_[site.stack].live) << site.stack;
    ASSERT_EQ(site.own_peak_bytes, naive.sites_[site.stack].own_peak) << site.stack;
    ASSERT_EQ(site.live_bytes, naive.sites_[site.stack].live) << site.stack;
    shares += site.peak_bytes;
  }
  ASSERT_EQ(shares, facts.heap.peak_bytes);
}

TEST(Peak, AgreesWithSnapshotsOverRandomLives) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(live_a_random_life(seed));
  }
}

}  // namespace
}  // namespace memwatch::model
