#include "collector/recording/pace.h"

#include <gtest/gtest.h>

namespace memwatch::recording {
namespace {

using model::Mode;
using protocol::OnFull;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Pace::Clock::time_point kStart{seconds(1000)};

TEST(Pace, LooksAgainAtOnceWhileThereAreManyRecords) {
  Pace pace(Mode::exact, OnFull::block, kStart);
  pace.looked(Pace::kManyRecords, kStart);
  EXPECT_EQ(pace.until_next_look(kStart), milliseconds(0));
  EXPECT_EQ(pace.between_beats(kStart), milliseconds(1));
}

TEST(Pace, EveryMillisecondWhileRecordsComeAndALittleLonger) {
  Pace pace(Mode::exact, OnFull::block, kStart);
  pace.looked(1, kStart);
  EXPECT_EQ(pace.until_next_look(kStart), milliseconds(1));
  pace.looked(0, kStart + milliseconds(49));
  EXPECT_EQ(pace.until_next_look(kStart + milliseconds(49)), milliseconds(1));
  EXPECT_EQ(pace.until_next_look(kStart + milliseconds(50)), milliseconds(2));
}

TEST(Pace, SleepsLongerAfterAQuietSecondWhereTheTargetWaitsForRoom) {
  const Pace waits(Mode::exact, OnFull::block, kStart);
  const Pace drops(Mode::exact, OnFull::drop, kStart);
  EXPECT_EQ(waits.until_next_look(kStart + seconds(1)), milliseconds(5));
  EXPECT_EQ(waits.between_beats(kStart + seconds(1)), milliseconds(5));
  EXPECT_EQ(drops.until_next_look(kStart + seconds(1)), milliseconds(2));
}

TEST(Pace, ASampleIsLookedAtRarelyUnlessItIsDense) {
  Pace pace(Mode::sample, OnFull::drop, kStart);
  pace.looked(3, kStart + milliseconds(60));
  EXPECT_EQ(pace.until_next_look(kStart + milliseconds(60)), milliseconds(10));
  pace.looked(Pace::kSomeRecords, kStart + milliseconds(70));
  EXPECT_EQ(pace.until_next_look(kStart + milliseconds(70)), milliseconds(1));
  pace.looked(Pace::kManyRecords, kStart + milliseconds(71));
  EXPECT_EQ(pace.until_next_look(kStart + milliseconds(71)), milliseconds(0));
}

TEST(Pace, IdleModeIsLookedAtRarely) {
  const Pace pace(Mode::idle, OnFull::drop, kStart);
  EXPECT_EQ(pace.until_next_look(kStart + milliseconds(50)), milliseconds(10));
}

}  // namespace
}  // namespace memwatch::recording
