#include "collector/model/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace memwatch::model {
namespace {

TimelineSample sample_at(double at, std::uint64_t rss = 0) {
  TimelineSample sample;
  sample.at = at;
  sample.rss = rss;
  return sample;
}

TEST(Timeline, WantsASampleAtOnceAndThenOnePerInterval) {
  Timeline timeline(0.5);
  std::vector<TimelineSample> samples;
  EXPECT_TRUE(timeline.is_due(0));
  timeline.add(samples, sample_at(0.25));
  EXPECT_FALSE(timeline.is_due(0.5));
  EXPECT_TRUE(timeline.is_due(0.75));
  EXPECT_EQ(samples.size(), 1U);
}

TEST(Timeline, StaysBoundedInOrderAndCoversTheWholeRun) {
  Timeline timeline(0.001);
  std::vector<TimelineSample> samples;
  double now = 0;
  unsigned added = 0;
  for (; now < 3600; now += 0.01) {
    if (!timeline.is_due(now)) continue;
    timeline.add(samples, sample_at(now, 1));
    ++added;
    ASSERT_LE(samples.size(), Timeline::kMaxSamples);
  }
  EXPECT_GT(added, Timeline::kMaxSamples);
  EXPECT_GT(samples.size(), Timeline::kMaxSamples / 4);
  EXPECT_TRUE(std::is_sorted(samples.begin(), samples.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
  EXPECT_LT(samples.front().at, 60);
  EXPECT_GT(samples.back().at, 3500);
  EXPECT_FALSE(timeline.is_due(now));  // spacing has grown far beyond what was asked
}

TEST(Timeline, AForcedSampleIsTakenEvenWhenNoneIsDue) {
  Timeline timeline(10);
  std::vector<TimelineSample> samples;
  timeline.add(samples, sample_at(1));
  timeline.add(samples, sample_at(1.001));
  EXPECT_EQ(samples.size(), 2U);
}

TEST(Timeline, KeepsThePeakOfTheResidentSetThroughEveryMerge) {
  Timeline timeline(0.001);
  std::vector<TimelineSample> samples;
  for (unsigned i = 0; i < 40'000; ++i) {
    timeline.add(samples, sample_at(i * 0.001, i == 1777 ? 1'000'000 : i % 100));
  }
  EXPECT_LE(samples.size(), Timeline::kMaxSamples);
  EXPECT_EQ(std::count_if(samples.begin(), samples.end(),
                          [](const auto& sample) { return sample.rss == 1'000'000; }),
            1);
}

}  // namespace
}  // namespace memwatch::model
