#include "collector/history/lived_time.h"

#include <gtest/gtest.h>

namespace memwatch::history {
namespace {

constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::int64_t kNow = 1'800'000'000'000;

LivedTime::Moment at(std::int64_t wall_ms, std::int64_t running_ms,
                     const std::string& boot = "boot") {
  return {boot, wall_ms, running_ms};
}

TEST(LivedTime, WithoutAJumpItIsTheClock) {
  LivedTime lived;
  EXPECT_EQ(lived.look(at(kNow, 0)), "");
  EXPECT_EQ(lived.look(at(kNow + kDay, kDay)), "");
  EXPECT_EQ(lived.look(at(kNow + kDay + 4 * kMinute, kDay)), "") << "a correction is no jump";
  EXPECT_TRUE(lived.gaps().empty());
  EXPECT_EQ(lived.back(kNow, 3 * kDay), kNow - 3 * kDay);
}

TEST(LivedTime, AClockSetAheadLeavesAGapThatIsSteppedOver) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  EXPECT_EQ(lived.look(at(kNow + kHour + 10 * kDay, kHour)),
            "the clock was set ahead by 10 days; nothing in the history ages by that");
  const std::int64_t now = kNow + kHour + 10 * kDay + 2 * kHour;
  EXPECT_EQ(lived.look(at(now, 3 * kHour)), "") << "told once";
  EXPECT_EQ(lived.back(now, kHour), now - kHour);
  EXPECT_EQ(lived.back(now, 2 * kHour), kNow + kHour) << "what was written just before stays";
  EXPECT_EQ(lived.back(now, 3 * kHour), kNow);
  EXPECT_EQ(lived.between(kNow, now), 3 * kHour);
}

TEST(LivedTime, TwoGapsAreBothSteppedOver) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  static_cast<void>(lived.look(at(kNow + kDay, kHour)));
  static_cast<void>(lived.look(at(kNow + 3 * kDay, 2 * kHour)));
  EXPECT_EQ(lived.gaps().size(), 2U);
  EXPECT_EQ(lived.back(kNow + 3 * kDay, 2 * kHour), kNow);
}

TEST(LivedTime, AClockSetBackTakesItsGapBack) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  static_cast<void>(lived.look(at(kNow + 10 * kDay, 0)));
  EXPECT_EQ(lived.look(at(kNow + kMinute, kMinute)),
            "the clock was set back by 10 days; nothing in the history is lost by that");
  EXPECT_TRUE(lived.gaps().empty());
}

TEST(LivedTime, AGapAcrossStartsOfTheMachineCountsAfterAnHour) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 5 * kDay)));
  const std::int64_t start = kNow + 31 * kDay;
  EXPECT_EQ(
      lived.look(at(start, kMinute, "next")),
      "by the clock nothing was recorded for 31 days; what is too old by that is deleted from "
      "the history in an hour, if the clock is not set back until then");
  EXPECT_EQ(lived.back(start, kHour), kNow - kHour);
  static_cast<void>(lived.look(at(start + kHour, kMinute + kHour, "next")));
  EXPECT_EQ(lived.gaps().size(), 1U);
  static_cast<void>(lived.look(at(start + kHour + 1, kMinute + kHour + 1, "next")));
  EXPECT_TRUE(lived.gaps().empty());
}

TEST(LivedTime, AJumpIsNoHourThatWasLived) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  static_cast<void>(lived.look(at(kNow + 10 * kDay, kMinute, "next")));
  static_cast<void>(lived.look(at(kNow + 20 * kDay, 2 * kMinute, "next")));
  EXPECT_EQ(lived.gaps().size(), 2U);
}

TEST(LivedTime, ShortRunsAddUpToTheHour) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  std::int64_t wall = kNow;
  for (int run = 0; run < 4; ++run) {
    wall += 2 * kDay;
    static_cast<void>(lived.look(at(wall, kMinute, std::to_string(run))));
    wall += 31 * kMinute;
    static_cast<void>(lived.look(at(wall, 32 * kMinute, std::to_string(run))));
  }
  EXPECT_EQ(lived.gaps().size(), 1U) << "that of the last run, which is half an hour old";
}

TEST(LivedTime, WithinOneStartOfTheMachineTheGapIsKnown) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  EXPECT_EQ(lived.look(at(kNow + 30 * kDay, 30 * kDay)), "")
      << "the daemon was off, the clock right";
  EXPECT_TRUE(lived.gaps().empty());
}

TEST(LivedTime, ANightIsNotTold) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  EXPECT_EQ(lived.look(at(kNow + 12 * kHour, kMinute, "next")), "");
  EXPECT_EQ(lived.gaps().size(), 1U);
}

TEST(LivedTime, AStartInThePastIsTold) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  EXPECT_EQ(lived.look(at(kNow - 3 * kHour, kMinute, "next")),
            "the clock is 3 hours behind the history's latest; nothing in it is lost by that");
  EXPECT_TRUE(lived.gaps().empty());
}

TEST(LivedTime, GapsAreForgottenWithWhatTheySeparate) {
  LivedTime lived;
  static_cast<void>(lived.look(at(kNow, 0)));
  static_cast<void>(lived.look(at(kNow + kDay, 0)));
  lived.forget(kNow + 3 * kDay, 3 * kDay);
  EXPECT_EQ(lived.gaps().size(), 1U);
  lived.forget(kNow + 4 * kDay, 3 * kDay - 1);
  EXPECT_TRUE(lived.gaps().empty());
}

}  // namespace
}  // namespace memwatch::history
