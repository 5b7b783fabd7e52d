// Whose growth is judged when: everybody's in turn, within the budget. Time is played.
#include "collector/daemon/growth_rounds.h"

#include <gtest/gtest.h>

#include <set>

namespace memwatch::daemon {
namespace {

using Clock = GrowthRounds::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::map<pid_t, int> processes(int count) {
  std::map<pid_t, int> all;
  for (int pid = 1; pid <= count; ++pid) all[pid] = 0;
  return all;
}

// Judges for so long, a second apart; returns how often each was judged.
std::map<pid_t, int> play(GrowthRounds& rounds, std::map<pid_t, int> living, int length,
                          Clock::duration cost) {
  std::map<pid_t, int> judged;
  Clock::time_point now{};
  for (int second = 0; second < length; ++second) {
    now += seconds(1);
    Clock::time_point at = now;
    for (const pid_t pid : rounds.due(living, now)) {
      if (!rounds.has_time(at)) break;
      rounds.judged(pid, at, at + cost);
      at += cost;
      ++judged[pid];
    }
  }
  return judged;
}

TEST(GrowthRoundsOfTheDaemon, AFewAreJudgedEveryTenSeconds) {
  GrowthRounds rounds(Clock::time_point{});
  const auto judged = play(rounds, processes(10), 100, std::chrono::microseconds(300));
  ASSERT_EQ(judged.size(), 10U);
  for (const auto& [pid, times] : judged) EXPECT_NEAR(times, 10, 1) << pid;
}

TEST(GrowthRoundsOfTheDaemon, OfAThousandEachHasItsTurnWithinTheBudget) {
  GrowthRounds rounds(Clock::time_point{});
  const auto judged = play(rounds, processes(1000), 1000, milliseconds(2));
  EXPECT_EQ(judged.size(), 1000U);
  int all = 0;
  for (const auto& [pid, times] : judged) {
    EXPECT_GE(times, 2) << pid;
    EXPECT_LE(times, 4) << pid;
    all += times;
  }
  EXPECT_LE(all * 2, 5000 + 30) << "milliseconds of a thousand seconds";
}

}  // namespace
}  // namespace memwatch::daemon
