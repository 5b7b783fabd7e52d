#include "collector/model/huge_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

namespace memwatch::model {
namespace {

struct alignas(64) Line {
  std::uint64_t words[8];
};

constexpr std::size_t kHugeCount = (std::size_t{2} << 20) / sizeof(Line);

TEST(HugeArray, IsZeroedAndAlignedInEverySize) {
  for (const std::size_t count :
       {std::size_t{1}, std::size_t{1000}, kHugeCount - 1, kHugeCount, 3 * kHugeCount}) {
    HugeArray<Line> array(count);
    ASSERT_EQ(array.size(), count);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(&array[0]) % alignof(Line), 0U);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(array[i].words[7], 0U);
      array[i].words[0] = i;
    }
    ASSERT_EQ(array[count - 1].words[0], count - 1);
  }
}

TEST(HugeArray, IsMovedWithItsMemory) {
  HugeArray<Line> small(10);
  HugeArray<Line> large(kHugeCount);
  small[3].words[0] = 3;
  large[5].words[0] = 5;
  Line* const at = &large[0];
  small = std::move(large);
  EXPECT_EQ(&small[0], at);
  EXPECT_EQ(small.size(), kHugeCount);
  EXPECT_EQ(small[5].words[0], 5U);
  const HugeArray<Line> third = std::move(small);
  EXPECT_EQ(third[5].words[0], 5U);
}

}  // namespace
}  // namespace memwatch::model
