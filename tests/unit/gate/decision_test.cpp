#include "collector/gate/decision.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "tests/unit/gate/simulation.h"

namespace memwatch::gate {
namespace {

using Values = std::vector<std::uint64_t>;

Spread spread(const Values& values) {
  return spread_of(values);
}

Decision judge(Metric metric, const Values& baseline, const Values& runs, const Values& more = {}) {
  return decide(spread(baseline), spread(runs),
                more.empty() ? std::nullopt : std::optional(spread(more)),
                default_tolerance(metric));
}

TEST(Spread, TheMiddleIsTheMedian) {
  EXPECT_EQ(spread({3, 1, 2}).middle, 2U);
  EXPECT_EQ(spread({4, 1, 2, 3}).middle, 2U);
  EXPECT_EQ(spread({7}).runs, 1U);
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(spread({most, most}).middle, most);
  EXPECT_EQ(spread({5, 9, 1}).min, 1U);
  EXPECT_EQ(spread({5, 9, 1}).max, 9U);
}

TEST(Decision, ACountThatAgreesInAllRunsIsJudgedByItsTolerance) {
  const Values baseline = {1000, 1000, 1000};
  EXPECT_EQ(judge(Metric::allocations, baseline, {1010, 1010, 1010}).verdict, Verdict::within);
  const Decision worse = judge(Metric::allocations, baseline, {1011, 1011, 1011});
  EXPECT_EQ(worse.verdict, Verdict::worse);
  EXPECT_EQ(worse.reason, Reason::beyond);
  EXPECT_FALSE(wants_confirmation(worse, spread({1011, 1011, 1011}), false));
  EXPECT_EQ(judge(Metric::allocations, baseline, {990, 990, 990}).verdict, Verdict::within);
  EXPECT_EQ(judge(Metric::allocations, baseline, {989, 989, 989}).verdict, Verdict::better);
}

TEST(Decision, OneNewLeakedByteOrFailureIsTooMuch) {
  for (const Metric metric : {Metric::leaked_bytes, Metric::failed}) {
    EXPECT_EQ(judge(metric, {0, 0, 0}, {1, 1, 1}).verdict, Verdict::worse);
    EXPECT_EQ(judge(metric, {5, 5, 5}, {5, 5, 5}).verdict, Verdict::within);
    EXPECT_EQ(judge(metric, {5, 5, 5}, {4, 4, 4}).verdict, Verdict::better);
  }
}

TEST(Decision, TheFloorCountsOnlyWhereTheBaselineVaries) {
  EXPECT_EQ(judge(Metric::leaked_bytes, {100, 100, 100}, {200, 200, 200}).verdict, Verdict::worse);
  EXPECT_EQ(judge(Metric::leaked_bytes, {99, 100, 101}, {200, 200, 200}).verdict, Verdict::within);
  EXPECT_EQ(judge(Metric::leaked_bytes, {99, 100, 101}, {4197, 4197, 4197}).verdict,
            Verdict::worse);
  // That of resident memory always does.
  EXPECT_EQ(judge(Metric::peak_rss, {1 << 20}, {2 << 20}).verdict, Verdict::within);
  EXPECT_EQ(judge(Metric::peak_rss, {1 << 20}, {(2 << 20) + 1}).verdict, Verdict::worse);
}

TEST(Decision, WhereTheBaselineVariesEveryRunHasToBeAboveItsMaximum) {
  const Values baseline = {100'000, 103'000, 112'000};
  const Decision noise = judge(Metric::peak_heap, baseline, {111'000, 120'000, 130'000});
  EXPECT_EQ(noise.verdict, Verdict::within);
  EXPECT_EQ(noise.reason, Reason::spread);
  const Decision worse = judge(Metric::peak_heap, baseline, {112'001, 120'000, 130'000});
  EXPECT_EQ(worse.verdict, Verdict::worse);
  EXPECT_EQ(worse.reason, Reason::every_run);
  EXPECT_TRUE(wants_confirmation(worse, spread({112'001, 120'000, 130'000}), true));
}

TEST(Decision, FiveMoreRunsConfirmOrAcquit) {
  const Values baseline = {100'000, 103'000, 112'000}, runs = {113'000, 120'000, 130'000};
  const Decision confirmed =
      judge(Metric::peak_heap, baseline, runs, {113'000, 120'000, 121'000, 122'000, 130'000});
  EXPECT_EQ(confirmed.verdict, Verdict::worse);
  EXPECT_TRUE(confirmed.confirmed);
  const Decision acquitted =
      judge(Metric::peak_heap, baseline, runs, {111'000, 120'000, 121'000, 122'000, 130'000});
  EXPECT_EQ(acquitted.verdict, Verdict::within);
  EXPECT_EQ(acquitted.reason, Reason::not_confirmed);
}

TEST(Decision, WithOneRunOnEitherSideTheToleranceAloneDecides) {
  EXPECT_EQ(judge(Metric::peak_heap, {100'000}, {99'000, 106'000, 107'000}).verdict,
            Verdict::worse);
  const Decision one = judge(Metric::peak_heap, {100'000, 103'000, 112'000}, {109'000});
  EXPECT_EQ(one.verdict, Verdict::worse);  // above 103,000 and 5 %, below the maximum
  EXPECT_FALSE(wants_confirmation(one, spread({109'000}), true));
}

TEST(Decision, AnImprovementHasToBeBelowEveryRunOfTheBaselineToo) {
  const Values baseline = {100'000, 103'000, 112'000};
  EXPECT_EQ(judge(Metric::peak_heap, baseline, {90'000, 91'000, 99'999}).verdict, Verdict::better);
  EXPECT_EQ(judge(Metric::peak_heap, baseline, {90'000, 91'000, 101'000}).verdict, Verdict::within);
}

TEST(Decision, FiguresNearTheLargestNumberDoNotWrap) {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(judge(Metric::peak_heap, {most, most}, {most, most}).verdict, Verdict::within);
  EXPECT_EQ(judge(Metric::peak_heap, {0, 0}, {most, most}).verdict, Verdict::worse);
  const Decision wide =
      decide(spread({most}), spread({most}), std::nullopt, {1'000'000'000, 0, false});
  EXPECT_EQ(wide.allowed, most);
}

TEST(Limit, IsExceededWhenTheMiddleIsAboveIt) {
  EXPECT_EQ(decide_limit(100, spread({100, 100}), std::nullopt).verdict, Verdict::within);
  EXPECT_EQ(decide_limit(100, spread({99, 101, 102}), std::nullopt).verdict, Verdict::worse);
  EXPECT_EQ(decide_limit(100, spread({99, 101, 102}), spread({99, 99, 100, 101, 101})).verdict,
            Verdict::within);
  EXPECT_EQ(decide_limit(0, spread({1}), std::nullopt).verdict, Verdict::worse);
}

// A figure that moves by up to ±13 % from run to run, as the peak heap of a threaded program did.
constexpr double kThreaded = 0.13;

TEST(DecisionSimulated, RaisesHardlyAnyFalseAlarmWhereAToleranceAloneRaisesMany) {
  using testing::failures;
  EXPECT_GT(failures({kThreaded, 0}, testing::SimulatedRule::tolerance_alone), 1500U);
  EXPECT_LE(failures({kThreaded, 0}, testing::SimulatedRule::gate), 50U);
}

TEST(DecisionSimulated, FindsNearlyAllRisesOfAFifthAndAllOfTwoFifths) {
  using testing::failures;
  EXPECT_GE(failures({kThreaded, 0.2}, testing::SimulatedRule::gate), 8500U);
  EXPECT_EQ(failures({kThreaded, 0.4}, testing::SimulatedRule::gate), testing::kComparisons);
}

}  // namespace
}  // namespace memwatch::gate
