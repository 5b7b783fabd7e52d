// The last minute of a figure.
#include "collector/alerts/recent_values.h"

#include <gtest/gtest.h>

namespace memwatch::alerts {
namespace {

TEST(RecentValues, PointsAreThreeSecondsApart) {
  RecentValues values;
  EXPECT_TRUE(values.add(10, 1));
  EXPECT_FALSE(values.add(12.9, 2));
  EXPECT_TRUE(values.add(13, 3));
}

TEST(RecentValues, FivePointsAreNeeded) {
  RecentValues values;
  for (int i = 0; i < 4; ++i) values.add(3 * i, 5);
  EXPECT_FALSE(values.slope());
  EXPECT_FALSE(values.most_before(100));
  values.add(12, 5);
  EXPECT_EQ(values.slope(), 0);
  EXPECT_FALSE(values.most_before(12)) << "the last point is too young";
  EXPECT_EQ(values.most_before(15), 5);
}

TEST(RecentValues, OneOutlierDoesNotTurnTheSlope) {
  RecentValues values;
  for (int i = 0; i < 20; ++i) values.add(3 * i, i == 12 ? 1e9 : 30.0 * i);
  EXPECT_NEAR(*values.slope(), 10, 1e-9);
}

TEST(RecentValues, WhatIsOlderThanTheWindowIsForgotten) {
  RecentValues values;
  values.add(0, 1000);
  for (int i = 1; i <= 20; ++i) values.add(3 * i, 7);
  EXPECT_EQ(values.most_before(100), 7);
}

}  // namespace
}  // namespace memwatch::alerts
