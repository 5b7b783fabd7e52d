#include "collector/analysis/coverage.h"

#include <gtest/gtest.h>

#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

model::Process with_samples(std::vector<model::TimelineSample> samples) {
  model::Process process;
  process.timeline = std::move(samples);
  return process;
}

TEST(Coverage, IsTakenWhereRssWasLargest) {
  const model::Session session = testing::server_session();
  const auto coverage = find_coverage(session.processes[0]);
  ASSERT_TRUE(coverage.has_value());
  EXPECT_DOUBLE_EQ(coverage->at, 8);
  EXPECT_DOUBLE_EQ(coverage->explained, 0.75);
  EXPECT_FALSE(coverage->untouched);
  EXPECT_NEAR(coverage->explained_growth.value(), 24.0 / 28, 1e-9);
}

TEST(Coverage, IsUnknownWithoutSamplesOfRss) {
  EXPECT_FALSE(find_coverage(model::Process{}).has_value());
  EXPECT_FALSE(find_coverage(with_samples({{.at = 1, .live_bytes = 5}})).has_value());
}

TEST(Coverage, AHiddenAllocatorExplainsLittleOfTheGrowth) {
  const auto coverage =
      find_coverage(with_samples({{.at = 0, .live_bytes = kMiB, .rss = 4 * kMiB},
                                  {.at = 1, .live_bytes = 2 * kMiB, .rss = 104 * kMiB}}));
  EXPECT_LT(coverage->explained_growth.value(), kLittleExplained);
}

TEST(Coverage, MoreAskedForThanResidentIsExplainedWholly) {
  const auto coverage =
      find_coverage(with_samples({{.at = 0, .live_bytes = 900 * kMiB, .rss = 20 * kMiB}}));
  EXPECT_TRUE(coverage->untouched);
  EXPECT_DOUBLE_EQ(coverage->explained, 1);
  EXPECT_FALSE(coverage->explained_growth.has_value());
}

}  // namespace
}  // namespace memwatch::analysis
