#include "collector/model/mapped_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace memwatch::model {
namespace {

TEST(MappedRanges, CountsAnOverlayOnce) {
  MappedRanges ranges;
  EXPECT_EQ(ranges.map(0x1000, 0x3000), 0U);
  EXPECT_EQ(ranges.map(0x2000, 0x1000), 0x1000U);  // MAP_FIXED in the middle
  EXPECT_EQ(ranges.bytes(), 0x3000U);
  EXPECT_EQ(ranges.map(0x0, 0x10000), 0x3000U);
  EXPECT_EQ(ranges.bytes(), 0x10000U);
}

TEST(MappedRanges, APunchedHoleLeavesBothSides) {
  MappedRanges ranges;
  ranges.map(0x1000, 0x5000);
  EXPECT_EQ(ranges.unmap(0x2000, 0x1000), 0x1000U);
  EXPECT_EQ(ranges.unmap(0x2000, 0x1000), 0U);
  EXPECT_EQ(ranges.bytes(), 0x4000U);
  EXPECT_EQ(ranges.unmap(0x0, 0x2000), 0x1000U);
  EXPECT_EQ(ranges.unmap(0x0, 0x100000), 0x3000U);
  EXPECT_EQ(ranges.bytes(), 0U);
}

TEST(MappedRanges, NothingHasNoEffect) {
  MappedRanges ranges;
  EXPECT_EQ(ranges.map(0x1000, 0), 0U);
  ranges.map(0x1000, 0x1000);
  EXPECT_EQ(ranges.unmap(0x1800, 0), 0U);
  EXPECT_EQ(ranges.map(0x1800, 0), 0U);
  EXPECT_EQ(ranges.bytes(), 0x1000U);
}

TEST(MappedRanges, ALengthThatWrapsAroundEndsAtTheTop) {
  MappedRanges ranges;
  ranges.map(0x1000, 0x1000);
  ranges.map(0x5000, 0x1000);
  EXPECT_EQ(ranges.unmap(0x1800, ~0ULL), 0x800U + 0x1000U);
  EXPECT_EQ(ranges.bytes(), 0x800U);
  EXPECT_EQ(ranges.map(~0ULL - 0x1000, ~0ULL), 0U);
  EXPECT_EQ(ranges.bytes(), 0x800U + 0x1000U);
  EXPECT_EQ(ranges.unmap(0, ~0ULL), 0x1800U);
  EXPECT_EQ(ranges.bytes(), 0U);
}

// The oracle: one flag per byte of a small address space.
class ByteMap {
 public:
  explicit ByteMap(std::size_t bytes) : mapped_(bytes, false) {}

  std::uint64_t set(std::size_t start, std::size_t length, bool to) {
    const auto from =
        mapped_.begin() + static_cast<std::ptrdiff_t>(std::min(start, mapped_.size()));
    const auto end = from + static_cast<std::ptrdiff_t>(
                                std::min(length, static_cast<std::size_t>(mapped_.end() - from)));
    const auto before = static_cast<std::uint64_t>(std::count(from, end, true));
    std::fill(from, end, to);
    return before;
  }
  [[nodiscard]] std::uint64_t bytes() const {
    return static_cast<std::uint64_t>(std::count(mapped_.begin(), mapped_.end(), true));
  }

 private:
  std::vector<bool> mapped_;
};

TEST(MappedRanges, AgreesWithAByteMapOverRandomOperations) {
  constexpr std::size_t kSpace = 512;
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    MappedRanges ranges;
    ByteMap truth(kSpace);
    const std::size_t longest = seed % 2 == 0 ? 16 : 300;
    for (unsigned i = 0; i < 2000; ++i) {
      const std::size_t start = random() % kSpace;
      const std::size_t length = random() % longest;
      if (random() % 3 != 0) {
        const std::size_t inside = std::min(length, kSpace - start);
        ASSERT_EQ(ranges.map(start, inside), truth.set(start, inside, true)) << seed << " " << i;
      } else {
        // A length beyond the end, or one that wraps, removes what there is.
        const std::uint64_t asked = random() % 50 == 0 ? ~0ULL - random() % 99 : length;
        ASSERT_EQ(ranges.unmap(start, asked), truth.set(start, asked, false)) << seed << " " << i;
      }
      ASSERT_EQ(ranges.bytes(), truth.bytes()) << seed << " " << i;
    }
  }
}

}  // namespace
}  // namespace memwatch::model
