// Many looks at once give the answers of one look each.
#include "collector/reachability/layout_checks.h"

#include <gtest/gtest.h>

#include <random>

#include "collector/reachability/known_layouts.h"
#include "tests/unit/reachability/synthetic_memory.h"

namespace memwatch::reachability {
namespace {

constexpr std::uint64_t kHeap = 0x555555560000;

class LayoutChecksTest : public testing::TestWithParam<unsigned> {
 protected:
  // Blocks whose first word may be the length of the rest, pages that cannot be read among them.
  void fill(std::size_t count) {
    std::uint64_t at = kHeap;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t size = 24 + random_() % 200;
      blocks_.push_back({at, size, 0, i});
      memory_.put(at, random_() % 2 == 0 ? size - 8 : random_());
      memory_.map(at, size);
      if (random_() % 100 == 0) memory_.make_unreadable(at);
      at += (size / 16 + 2) * 16 + (random_() % 50 == 0 ? 3 * SyntheticMemory::kPage : 0);
    }
  }

  std::mt19937_64 random_{7};
  SyntheticMemory memory_;
  std::vector<Block> blocks_;
};

TEST_P(LayoutChecksTest, SayWhatOneLookSays) {
  fill(20000);
  Scan scan(blocks_, memory_, GetParam());
  LayoutChecks checks(scan);
  for (const std::size_t count : {0UL, 1UL, 100UL, 4095UL, 4096UL, 50000UL}) {
    std::vector<InteriorEdge> edges(count);
    InteriorEdges pointers;
    std::size_t expected_total = 0;
    std::vector<std::uint8_t> expected;
    for (InteriorEdge& edge : edges) {
      edge.to = static_cast<std::uint32_t>(random_() % scan.blocks().size());
      edge.offset = random_() % 3 == 0 ? 1 + random_() % 40 : 8;
      pointers.push_back(&edge);
      const Block& to = scan.blocks()[edge.to];
      expected.push_back(explains_interior(memory_, to.address, to.size, edge.offset) ? 1 : 0);
      expected_total += expected.back();
    }
    EXPECT_EQ(checks.explained(pointers), expected) << count;
    if (count < 100) continue;
    EXPECT_GT(expected_total, count / 10);
    EXPECT_LT(expected_total, count - count / 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, LayoutChecksTest, testing::Values(1U, 2U, 3U));

TEST(PagedMemory, ShowsWhatIsThere) {
  std::mt19937_64 random(3);
  SyntheticMemory memory;
  constexpr std::uint64_t kPages = 200;
  for (std::uint64_t page = 0; page < kPages; ++page) {
    if (random() % 10 == 0) continue;
    const std::uint64_t start = kHeap + page * SyntheticMemory::kPage;
    for (std::uint64_t at = 0; at < SyntheticMemory::kPage; at += 8)
      memory.put(start + at, random());
    if (random() % 10 == 0) memory.make_unreadable(start);
  }
  PagedMemory paged(memory);
  std::vector<unsigned char> expected(3 * SyntheticMemory::kPage), found(expected.size());
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t at = kHeap - 100 + random() % (kPages * SyntheticMemory::kPage + 200);
    const std::size_t size = random() % (i % 10 == 0 ? expected.size() : 64);
    const std::size_t got = memory.read(at, expected.data(), size);
    ASSERT_EQ(paged.read(at, found.data(), size), got) << i;
    ASSERT_TRUE(std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(got),
                           expected.begin()))
        << i;
  }
}

// Reads of which only the later part of a page is there, as in a copy of a piece of memory.
TEST(PagedMemory, APieceThatBeginsWithinAPage) {
  class Piece : public Memory {
   public:
    std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
      constexpr std::uint64_t kStart = kHeap + 1000, kEnd = kHeap + 3000;
      if (address < kStart || address >= kEnd) return 0;
      const std::size_t got = std::min<std::size_t>(size, kEnd - address);
      std::memset(to, static_cast<int>(address % 251), got);
      return got;
    }
    Range next_present(std::uint64_t start, std::uint64_t end) override { return {start, end}; }
  } piece;
  PagedMemory paged(piece);
  EXPECT_EQ(paged.word(kHeap + 992), std::nullopt);
  EXPECT_EQ(paged.word(kHeap + 1000), piece.word(kHeap + 1000));
  EXPECT_EQ(paged.word(kHeap + 2992), piece.word(kHeap + 2992));
  EXPECT_EQ(paged.word(kHeap + 2996), std::nullopt);
}

TEST(InteriorIndex, FindsTheEdgesOfEachBlock) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    SyntheticMemory memory;
    std::vector<Block> blocks;
    std::uint64_t at = kHeap;
    const std::uint64_t count = 1 + random() % 200;
    for (std::uint32_t i = 0; i < count; ++i, at += 64) blocks.push_back({at, 48, 0, i});
    const auto inside = [&] { return kHeap + random() % count * 64 + 8 * (1 + random() % 5); };
    for (const Block& block : blocks) {
      memory.map(block.address, block.size);
      for (std::uint64_t i = random() % 3; i > 0; --i)
        memory.put(block.address + 8 * (random() % 6), inside());
    }
    std::vector<std::uint64_t> roots;
    for (std::uint64_t i = random() % 4; i > 0; --i) roots.push_back(inside());
    Scan scan(blocks, memory, 1);
    scan.add_root_words(0, roots);
    scan.read_blocks();
    const InteriorIndex index(scan);
    EXPECT_EQ(index.of_roots().size(), roots.size());
    std::size_t next = roots.size();
    for (std::uint32_t block = 0; block < count; ++block) {
      for (const InteriorEdge& edge : index.of(block)) {
        EXPECT_EQ(edge.from, block);
        EXPECT_EQ(&edge, &scan.interior_edges()[next++]);
      }
    }
    EXPECT_EQ(next, scan.interior_edges().size());
  }
}

}  // namespace
}  // namespace memwatch::reachability
