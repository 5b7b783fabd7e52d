#include "collector/capture/columns.h"

#include <gtest/gtest.h>

#include <cmath>

namespace memwatch::capture {
namespace {

TEST(Columns, ZigzagKeepsSmallDifferencesSmallAndLosesNothing) {
  EXPECT_EQ(zigzag(0), 0U);
  EXPECT_EQ(zigzag(~std::uint64_t{0}), 1U);
  EXPECT_EQ(zigzag(1), 2U);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0},
                                    std::uint64_t{1} << 63, (std::uint64_t{1} << 63) - 1}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
}

TEST(Columns, AWordThatDoesNotFitTheMemberIsRefused) {
  std::uint32_t narrow = 7;
  EXPECT_TRUE(from_word(0xffffffffU, narrow));
  EXPECT_FALSE(from_word(0x100000000U, narrow));
  bool flag = false;
  EXPECT_FALSE(from_word(2, flag));
  std::int32_t number = 0;
  EXPECT_TRUE(from_word(to_word(std::int32_t{-2147483647 - 1}), number));
  EXPECT_EQ(number, -2147483647 - 1);
  EXPECT_FALSE(from_word(zigzag(std::uint64_t{1} << 31), number));
}

TEST(Columns, WhatIsNotFiniteBecomesZeroOnBothWays) {
  EXPECT_EQ(to_word(std::nan("")), 0U);
  double value = 1;
  EXPECT_TRUE(from_word(std::bit_cast<std::uint64_t>(HUGE_VAL), value));
  EXPECT_EQ(value, 0.0);
}

}  // namespace
}  // namespace memwatch::capture
