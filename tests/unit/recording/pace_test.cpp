#include "collector/recording/pace.h"

#include <gtest/gtest.h>

namespace memwatch::recording {
namespace {

using model::Mode;
using protocol::OnFull;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Pace::Clock::time_point kStart{seconds(1000)};

// Looks each `sleep` for a second and finds `rate` records a millisecond.
void looks_for_a_second(Pace* pace, Pace::Clock::time_point* now, double rate, milliseconds sleep) {
  for (const auto end = *now + seconds(1); *now < end;) {
    *now += sleep;
    pace->looked(static_cast<std::uint64_t>(rate * static_cast<double>(sleep.count())), *now);
  }
}

TEST(Pace, LooksAgainAtOnceWhileThereAreManyRecords) {
  Pace pace(Mode::exact, OnFull::block, kStart);
  pace.looked(Pace::kManyRecords, kStart);
  EXPECT_EQ(pace.until_next_look(), milliseconds(0));
}

TEST(Pace, StartsQuicklyWhereATargetWouldLoseWhatComes) {
  EXPECT_EQ(Pace(Mode::exact, OnFull::drop, kStart).until_next_look(), Pace::kShort);
  EXPECT_EQ(Pace(Mode::exact, OnFull::block, kStart).until_next_look(), Pace::kLong);
  EXPECT_EQ(Pace(Mode::sample, OnFull::drop, kStart).until_next_look(), Pace::kShort);
  EXPECT_EQ(Pace(Mode::sample, OnFull::block, kStart).until_next_look(), Pace::kIdle);
  EXPECT_EQ(Pace(Mode::idle, OnFull::drop, kStart).until_next_look(), Pace::kIdle);
}

TEST(Pace, SleepsAsLongAsAQuarterOfARingLasts) {
  auto now = kStart;
  Pace pace(Mode::exact, OnFull::block, kStart);
  looks_for_a_second(&pace, &now, 16000, milliseconds(1));
  EXPECT_EQ(pace.until_next_look(), milliseconds(1));
  looks_for_a_second(&pace, &now, 5000, milliseconds(3));
  EXPECT_EQ(pace.until_next_look(), milliseconds(3));
  looks_for_a_second(&pace, &now, 100, milliseconds(4));
  EXPECT_EQ(pace.until_next_look(), milliseconds(4));
  looks_for_a_second(&pace, &now, 0, milliseconds(4));
  EXPECT_EQ(pace.until_next_look(), milliseconds(4));
}

TEST(Pace, ABurstIsRememberedForATenthOfASecond) {
  auto now = kStart;
  Pace pace(Mode::exact, OnFull::block, kStart);
  looks_for_a_second(&pace, &now, 0, milliseconds(4));
  pace.looked(16000, now + milliseconds(1));
  pace.looked(0, now + milliseconds(2));
  EXPECT_EQ(pace.until_next_look(), milliseconds(1));
  pace.looked(0, now + milliseconds(101));
  EXPECT_EQ(pace.until_next_look(), milliseconds(1));
  pace.looked(0, now + milliseconds(201));
  pace.looked(0, now + milliseconds(301));
  EXPECT_EQ(pace.until_next_look(), milliseconds(4));
}

TEST(Pace, SleepsLittleWhereTheTargetDoesNotWait) {
  auto now = kStart;
  Pace pace(Mode::exact, OnFull::drop, kStart);
  looks_for_a_second(&pace, &now, 1, milliseconds(1));
  EXPECT_EQ(pace.until_next_look(), milliseconds(1));
  looks_for_a_second(&pace, &now, 0, milliseconds(1));
  EXPECT_EQ(pace.until_next_look(), milliseconds(2));
}

TEST(Pace, ASampleIsLookedAtRarelyUnlessItIsDense) {
  auto now = kStart;
  Pace pace(Mode::sample, OnFull::drop, kStart);
  looks_for_a_second(&pace, &now, 30, milliseconds(25));
  EXPECT_EQ(pace.until_next_look(), milliseconds(25));
  looks_for_a_second(&pace, &now, 500, milliseconds(8));
  EXPECT_EQ(pace.until_next_look(), milliseconds(8));
  looks_for_a_second(&pace, &now, Pace::kManySamples, milliseconds(1));
  EXPECT_EQ(pace.until_next_look(), milliseconds(1));
  pace.looked(Pace::kManyRecords, now + milliseconds(1));
  EXPECT_EQ(pace.until_next_look(), milliseconds(0));
}

TEST(Pace, IsSilentWhenNothingHasComeForAWhileAndNotAfterOneRecord) {
  for (const milliseconds between : {milliseconds(100), milliseconds(250)}) {
    auto now = kStart;
    Pace pace(Mode::sample, OnFull::drop, kStart);
    EXPECT_FALSE(pace.is_silent()) << "nobody has looked yet";
    for (int i = 0; i < 4; ++i) pace.looked(0, now += between);
    EXPECT_TRUE(pace.is_silent());
    pace.looked(1, now += between);
    EXPECT_FALSE(pace.is_silent());
    pace.looked(0, now += milliseconds(100));
    EXPECT_FALSE(pace.is_silent()) << "a moment ago something came";
    for (int i = 0; i < 3; ++i) pace.looked(0, now += milliseconds(100));
    EXPECT_TRUE(pace.is_silent());
  }
}

TEST(Pace, IdleModeIsLookedAtRarely) {
  auto now = kStart;
  Pace pace(Mode::idle, OnFull::drop, kStart);
  looks_for_a_second(&pace, &now, 0, milliseconds(25));
  EXPECT_EQ(pace.until_next_look(), milliseconds(25));
}

}  // namespace
}  // namespace memwatch::recording
