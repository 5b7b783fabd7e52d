#include "collector/reachability/verdict.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "collector/reachability/holders.h"
#include "tests/unit/reachability/slow_verdict.h"
#include "tests/unit/reachability/synthetic_memory.h"

namespace memwatch::reachability {
namespace {

constexpr std::uint64_t kHeap = 0x555555560000;
constexpr std::uint64_t kData = 0x7ffff7a00000;

// Blocks are named by their numbers, in the order of their allocation.
class VerdictTest : public testing::Test {
 protected:
  std::uint32_t allocate(std::uint64_t address, std::uint64_t size) {
    const auto number = static_cast<std::uint32_t>(blocks_.size());
    blocks_.push_back({address, size, 0, number});
    memory_.map(address, size == 0 ? 1 : size);
    return number;
  }
  // A new block behind the last one, as malloc would place it.
  std::uint32_t allocate(std::uint64_t size) {
    const std::uint64_t address = next_;
    next_ += (size + 8 + 15) / 16 * 16 + 16;
    return allocate(address, size);
  }
  void point(std::uint32_t from, std::uint64_t at, std::uint32_t to, std::uint64_t inside = 0) {
    memory_.put(blocks_[from].address + at, blocks_[to].address + inside);
  }
  void hold(std::uint32_t block, std::uint64_t inside = 0) {
    roots_.push_back(blocks_[block].address + inside);
    memory_.put(kData + 8 * roots_.size(), roots_.back());
  }
  void judge_all() {
    Scan scan(blocks_, memory_);
    scan.add_root(1, {kData, kData + 0x1000});
    scan.add_root(2, {kHeap - 4096, kHeap});
    scan.read_blocks();
    verdicts_ = judge(scan);
    sorted_ = scan.blocks();
    figures_ = scan.figures();
  }
  Kind kind(std::uint32_t block) const { return verdicts_.kinds[place(block)]; }
  std::uint32_t owner(std::uint32_t block) const {
    return sorted_[verdicts_.owners[place(block)]].order;
  }
  std::size_t place(std::uint32_t block) const {
    std::size_t at = 0;
    while (sorted_[at].order != block) ++at;
    return at;
  }

  SyntheticMemory memory_;
  std::vector<Block> blocks_, sorted_;
  std::vector<std::uint64_t> roots_;
  Verdicts verdicts_;
  ScanFigures figures_;
  std::uint64_t next_ = kHeap + 16;
};

TEST_F(VerdictTest, NobodyHoldsIt) {
  const auto lost = allocate(24);
  memory_.map(kData, 8);
  judge_all();
  EXPECT_EQ(kind(lost), Kind::definite);
  EXPECT_EQ(owner(lost), lost);
}

TEST_F(VerdictTest, AGlobalHoldsItAndItHoldsAnother) {
  const auto first = allocate(24), second = allocate(100);
  hold(first);
  point(first, 16, second);
  judge_all();
  EXPECT_EQ(kind(first), Kind::reachable);
  EXPECT_EQ(kind(second), Kind::reachable);
}

TEST_F(VerdictTest, WhatALeakedBlockHoldsIsIndirectAndHasItsOwner) {
  const auto head = allocate(24), inner = allocate(24), innermost = allocate(8);
  memory_.map(kData, 8);
  point(head, 0, inner);
  point(inner, 8, innermost);
  judge_all();
  EXPECT_EQ(kind(head), Kind::definite);
  EXPECT_EQ(kind(inner), Kind::indirect);
  EXPECT_EQ(kind(innermost), Kind::indirect);
  EXPECT_EQ(owner(innermost), head);
}

TEST_F(VerdictTest, OfALeakedCycleTheOneAllocatedFirstIsDefinite) {
  // Lowest address, last allocated.
  const auto eldest = allocate(kHeap + 0x3000, 64), middle = allocate(kHeap + 0x1000, 64),
             youngest = allocate(kHeap + 0x10, 64);
  memory_.map(kData, 8);
  point(eldest, 0, middle);
  point(middle, 0, youngest);
  point(youngest, 56, eldest);
  judge_all();
  EXPECT_EQ(kind(eldest), Kind::definite);
  EXPECT_EQ(kind(middle), Kind::indirect);
  EXPECT_EQ(kind(youngest), Kind::indirect);
  EXPECT_EQ(owner(youngest), eldest);
}

TEST_F(VerdictTest, ACycleThatALeakedBlockHoldsIsIndirect) {
  const auto one = allocate(32), two = allocate(32), head = allocate(32);
  memory_.map(kData, 8);
  point(one, 0, two);
  point(two, 0, one);
  point(head, 24, two);
  judge_all();
  EXPECT_EQ(kind(head), Kind::definite);
  EXPECT_EQ(kind(one), Kind::indirect);
  EXPECT_EQ(kind(two), Kind::indirect);
  EXPECT_EQ(owner(one), head);
}

TEST_F(VerdictTest, ABlockThatPointsToItselfIsDefinite) {
  const auto block = allocate(32);
  memory_.map(kData, 8);
  point(block, 8, block);
  point(block, 16, block, 24);
  judge_all();
  EXPECT_EQ(kind(block), Kind::definite);
}

TEST_F(VerdictTest, AnInteriorPointerMakesItAndWhatItHoldsPossible) {
  const auto block = allocate(200), held = allocate(40);
  hold(block, 100);
  point(block, 0, held);
  judge_all();
  EXPECT_EQ(kind(block), Kind::possible);
  EXPECT_EQ(kind(held), Kind::possible);
}

TEST_F(VerdictTest, APointerToTheStartOutweighsAnInteriorOne) {
  const auto block = allocate(200), other = allocate(40);
  hold(block, 100);
  hold(other);
  point(other, 0, block);
  judge_all();
  EXPECT_EQ(kind(block), Kind::reachable);
}

TEST_F(VerdictTest, OnePastTheEndIsOutside) {
  const auto lost = allocate(kHeap + 0x20, 24), last = allocate(kHeap + 0x100, 7);
  hold(lost, 24);
  hold(last, 7);
  judge_all();
  EXPECT_EQ(kind(lost), Kind::definite);
  EXPECT_EQ(kind(last), Kind::definite);
}

TEST_F(VerdictTest, InsideIsTheRequestedSize) {
  const auto block = allocate(21);
  hold(block, 20);
  judge_all();
  EXPECT_EQ(kind(block), Kind::possible);
}

TEST_F(VerdictTest, ABlockOfNoSizeIsHeldByItsStart) {
  const auto held = allocate(0), lost = allocate(0);
  hold(held);
  judge_all();
  EXPECT_EQ(kind(held), Kind::reachable);
  EXPECT_EQ(kind(lost), Kind::definite);
}

TEST_F(VerdictTest, WhatIsLeftBehindTheRequestedSizeHoldsNothing) {
  const auto block = allocate(20), other = allocate(8);
  hold(block);
  point(block, 16, other);  // the word's last half lies outside
  judge_all();
  EXPECT_EQ(kind(other), Kind::definite);
}

TEST_F(VerdictTest, UnreadablePagesAreCountedAndTheRestIsJudged) {
  const auto large = allocate(kHeap, 3 * 4096), held = allocate(kHeap + 0x10000, 8),
             lost = allocate(kHeap + 0x10020, 8);
  hold(large);
  point(large, 8, held);
  point(large, 4096 + 8, lost);
  memory_.make_unreadable(kHeap + 4096);
  judge_all();
  EXPECT_EQ(kind(held), Kind::reachable);
  EXPECT_EQ(kind(lost), Kind::definite);
  EXPECT_EQ(figures_.unreadable_bytes, 4096U);
  EXPECT_EQ(figures_.block_bytes, 2 * 4096U + 16);
}

TEST_F(VerdictTest, PartsOfARootThatAreBlocksCountOnlyIfReached) {
  const auto block = allocate(kData + 0x100, 64), held = allocate(32);
  point(block, 0, held);
  memory_.put(kData + 0x200, 0);
  judge_all();
  EXPECT_EQ(kind(block), Kind::definite);
  EXPECT_EQ(kind(held), Kind::indirect);
}

TEST_F(VerdictTest, AHostileSizeReachesNoFurtherThanTheNextBlock) {
  blocks_.push_back({kHeap, ~0ULL, 0, 0});
  blocks_.push_back({kHeap + 64, 32, 0, 1});
  blocks_.push_back({kHeap + 128, ~0ULL - kHeap, 0, 2});
  memory_.map(kHeap, 4096);
  memory_.put(kHeap - 4096, kHeap + 64);
  judge_all();  // the last one covers what would be the roots
  EXPECT_EQ(kind(0), Kind::definite);
  EXPECT_EQ(kind(1), Kind::reachable);
  EXPECT_EQ(kind(2), Kind::definite);
}

TEST_F(VerdictTest, AddressesOfAnyAlignment) {
  const auto odd = allocate(kHeap + 3, 3), neighbour = allocate(kHeap + 6, 1),
             third = allocate(kHeap + 0x101, 40), held = allocate(kHeap + 0x200, 8);
  hold(odd);
  hold(third);
  point(third, 7, held);  // an aligned word of it
  judge_all();
  EXPECT_EQ(kind(odd), Kind::reachable);
  EXPECT_EQ(kind(neighbour), Kind::definite);
  EXPECT_EQ(kind(third), Kind::reachable);
  EXPECT_EQ(kind(held), Kind::reachable);
}

TEST_F(VerdictTest, AListOfAMillionBlocksIsJudgedWithoutRecursion) {
  constexpr std::uint32_t kCount = 1'000'000;
  class List : public Memory {
   public:
    std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
      auto* words = static_cast<std::uint64_t*>(to);
      for (std::size_t i = 0; i < size / 8; ++i) {
        const std::uint64_t at = address + 8 * i;
        const bool is_next = (at - kHeap) % 32 == 0 && at - kHeap < 32ULL * (kCount - 1);
        words[i] = is_next ? at + 32 : 0;
      }
      return size;
    }
    Range next_present(std::uint64_t start, std::uint64_t end) override { return {start, end}; }
  } list;
  std::vector<Block> blocks;
  for (std::uint32_t i = 0; i < kCount; ++i) blocks.push_back({kHeap + 32ULL * i, 24, 0, i});
  Scan scan(std::move(blocks), list);
  scan.read_blocks();
  const Verdicts verdicts = judge(scan);
  EXPECT_EQ(verdicts.kinds.front(), Kind::definite);
  EXPECT_EQ(verdicts.kinds.back(), Kind::indirect);
  EXPECT_EQ(verdicts.owners.back(), 0U);
}

// Random graphs: sizes, gaps, cycles, interior pointers, words that almost point somewhere.
TEST_F(VerdictTest, RandomHeapsAreJudgedAsByTheDefinition) {
  std::mt19937_64 random(20260728);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  for (int round = 0; round < 300; ++round) {
    SyntheticMemory memory;
    std::vector<Block> blocks;
    std::vector<std::uint64_t> roots;
    std::uint64_t at = kHeap + 16 * below(64);
    const std::uint64_t count = 1 + below(60);
    const std::uint64_t largest = round % 3 == 0 ? 3000 : 80;
    const std::uint64_t unit = round % 5 == 0 ? 1 : 16;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t size = below(largest);
      blocks.push_back({at, size, 0, 0});
      memory.map(at, std::max<std::uint64_t>(size, 1));
      at += (size / unit + 1 + below(4)) * unit + (below(20) == 0 ? (1ULL << 20) : 0);
    }
    std::vector<std::uint32_t> orders(count);
    for (std::uint32_t i = 0; i < count; ++i) orders[i] = i;
    std::shuffle(orders.begin(), orders.end(), random);
    for (std::uint32_t i = 0; i < count; ++i) blocks[i].order = orders[i];
    const auto some_pointer = [&] {
      const Block& to = blocks[below(count)];
      switch (below(4)) {
        case 0:
          return to.address + below(to.size + 2);
        case 1:
          return to.address - below(3);
        default:
          return to.address;
      }
    };
    for (const Block& block : blocks) {
      const std::uint64_t first = (block.address + 7) & ~7ULL;
      for (std::uint64_t i = below(3); i > 0; --i) {
        if (first + 8 > block.address + block.size) break;
        const std::uint64_t words = (block.address + block.size - first) / 8;
        memory.put(first + 8 * below(words), some_pointer());
      }
    }
    for (std::uint64_t i = below(6); i > 0; --i) {
      roots.push_back(some_pointer());
      memory.put(kData + 8 * roots.size(), roots.back());
    }
    memory.map(kData, 4096);
    Scan scan(blocks, memory);
    scan.add_root(0, {kData, kData + 4096});
    scan.read_blocks();
    const Verdicts fast = judge(scan);
    const Verdicts slow = slow_verdicts(blocks, roots, memory);
    ASSERT_EQ(fast.kinds, slow.kinds) << "round " << round;
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(fast.owners[i], slow.owners[i]) << "round " << round << " block " << i;
    }
  }
}

// Ways from roots.
class HoldersTest : public VerdictTest {
 protected:
  std::vector<Path> find(const HoldersWish& wish) {
    scan_ = std::make_unique<Scan>(blocks_, memory_);
    scan_->add_root(1, {kData, kData + 0x1000});
    scan_->read_blocks();
    verdicts_ = judge(*scan_, true);
    return find_holders(*scan_, verdicts_, wish);
  }
  // The blocks on a way, by their numbers.
  std::vector<std::uint32_t> blocks_of(const Path& path) const {
    std::vector<std::uint32_t> numbers;
    for (const Step& step : path.steps) numbers.push_back(scan_->blocks()[step.block].order);
    return numbers;
  }
  std::unique_ptr<Scan> scan_;
};

TEST_F(HoldersTest, TheWayWithTheFewestPointersIsTaken) {
  const auto a = allocate(64), b = allocate(64), c = allocate(64), target = allocate(100);
  hold(a);
  point(a, 0, b);
  point(b, 0, c);
  point(c, 0, target);
  point(b, 24, target);
  const auto paths = find({.sites = 0, .address = blocks_[target].address + 99});
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(blocks_of(paths[0]), (std::vector{a, b, target}));
  EXPECT_EQ(paths[0].kind, Kind::reachable);
  EXPECT_EQ(paths[0].source, 1U);
  EXPECT_EQ(paths[0].where, kData + 8);
  EXPECT_EQ(paths[0].steps[1].pointer_at, 0U);
  EXPECT_EQ(paths[0].steps[2].pointer_at, 24U);
  EXPECT_TRUE(find({.sites = 0, .address = blocks_[target].address + 100}).empty());
}

TEST_F(HoldersTest, InteriorPointersAreTold) {
  const auto a = allocate(64), b = allocate(64);
  hold(a, 16);
  point(a, 8, b, 40);
  const auto paths = find({.sites = 0, .address = blocks_[b].address});
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths[0].kind, Kind::possible);
  EXPECT_EQ(paths[0].steps[0].inside, 16U);
  EXPECT_EQ(paths[0].steps[1].inside, 40U);
  EXPECT_EQ(paths[0].steps[1].pointer_at, 8U);
}

TEST_F(HoldersTest, ALeakIsHeldByItsOwnerOrByNothing) {
  const auto head = allocate(64), tail = allocate(64);
  point(head, 32, tail);
  const auto of_tail = find({.sites = 0, .address = blocks_[tail].address});
  ASSERT_EQ(of_tail.size(), 1U);
  EXPECT_EQ(blocks_of(of_tail[0]), (std::vector{head, tail}));
  EXPECT_EQ(of_tail[0].source, std::nullopt);
  EXPECT_EQ(of_tail[0].kind, Kind::indirect);
  const auto of_head = find({.sites = 0, .address = blocks_[head].address});
  EXPECT_EQ(blocks_of(of_head[0]), (std::vector{head}));
}

TEST_F(HoldersTest, TheMiddleOfALongWayIsLeftOutAndCounted) {
  constexpr std::uint32_t kBlocks = 1000;
  for (std::uint32_t i = 0; i < kBlocks; ++i) allocate(64);
  hold(0);
  for (std::uint32_t i = 0; i + 1 < kBlocks; ++i) point(i, 8, i + 1);
  const auto paths = find({.sites = 0, .address = blocks_[kBlocks - 1].address});
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths[0].steps.size() + paths[0].skipped, kBlocks);
  EXPECT_EQ(blocks_of(paths[0]).front(), 0U);
  EXPECT_EQ(blocks_of(paths[0]).back(), kBlocks - 1);
  for (std::size_t i = 1; i < paths[0].steps.size(); ++i)
    EXPECT_EQ(paths[0].steps[i].pointer_at, 8U);
}

TEST_F(HoldersTest, OfEachSiteTheNearestBlockAndTheLargestSitesFirst) {
  const auto a = allocate(64), b = allocate(4000), c = allocate(64), d = allocate(64);
  blocks_[a].site = blocks_[c].site = 5;
  blocks_[b].site = 7;
  blocks_[d].site = 9;
  hold(a);
  point(a, 0, b);
  point(b, 0, c);
  const auto paths = find({.sites = 10, .address = {}});
  ASSERT_EQ(paths.size(), 2U) << "what leaks has none";
  EXPECT_EQ(blocks_of(paths[0]), (std::vector{a, b}));
  EXPECT_EQ(blocks_of(paths[1]), (std::vector{a}));
  EXPECT_EQ(find({.sites = 1, .address = {}}).size(), 1U);
}

}  // namespace
}  // namespace memwatch::reachability
