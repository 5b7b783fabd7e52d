#include "collector/analysis/timeline.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

TEST(Timeline, KeepsThePeakHoweverFewTheColumns) {
  const model::Session session = testing::server_session();
  const Timeline timeline = make_timeline(session.processes[0], 3);
  ASSERT_EQ(timeline.columns.size(), 3U);
  EXPECT_EQ(timeline.largest_live_bytes, 24U << 20);
  EXPECT_EQ(timeline.samples, 11U);
  EXPECT_DOUBLE_EQ(timeline.end, 10);
}

TEST(Timeline, ColumnsWithoutASampleRepeatTheOneBefore) {
  model::Process process;
  process.timeline = {{.at = 0, .live_bytes = 5}, {.at = 10, .live_bytes = 7}};
  const Timeline timeline = make_timeline(process, 10);
  EXPECT_EQ(timeline.columns[5].live_bytes, 5U);
  EXPECT_EQ(timeline.columns[9].live_bytes, 7U);
}

TEST(Timeline, RatesAreSpreadOverTheTimeBetweenSamples) {
  const model::Session session = testing::server_session();
  const Timeline timeline = make_timeline(session.processes[0], 50);
  for (const TimelineColumn& column : timeline.columns) {
    EXPECT_DOUBLE_EQ(column.allocations_per_second, 100);
  }
}

TEST(Timeline, NoSamplesMakeNoColumns) {
  EXPECT_TRUE(make_timeline(model::Process{}, 10).columns.empty());
}

TEST(Timeline, TimesThatMakeNoSenseDoNoHarm) {
  model::Process process;
  process.timeline = {{.at = std::numeric_limits<double>::quiet_NaN(), .live_bytes = 1},
                      {.at = -5, .live_bytes = 2},
                      {.at = std::numeric_limits<double>::infinity(), .live_bytes = 3},
                      {.at = 1e300, .live_bytes = 4},
                      {.at = 0, .live_bytes = 5}};
  EXPECT_EQ(make_timeline(process, 4).columns.size(), 4U);
  process.timeline.erase(process.timeline.begin());
  EXPECT_EQ(make_timeline(process, 4).columns.size(), 4U);
}

}  // namespace
}  // namespace memwatch::analysis
