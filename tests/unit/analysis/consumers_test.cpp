#include "collector/analysis/consumers.h"

#include <gtest/gtest.h>

#include "collector/analysis/recent_growth.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

TEST(Consumers, SitesAndModulesSumToTheProcess) {
  const model::Session session = testing::server_session();
  const Selection selection(session);
  for (const auto& all : {consuming_sites(selection, 0), consuming_modules(selection, 0)}) {
    Consumer sum;
    std::uint64_t before = ~std::uint64_t{0};
    for (const Consumer& consumer : all) {
      EXPECT_LE(consumer.live_bytes, before) << "largest first";
      before = consumer.live_bytes;
      sum.calls += consumer.calls;
      sum.allocated_bytes += consumer.allocated_bytes;
      sum.live_bytes += consumer.live_bytes;
      sum.peak_bytes += consumer.peak_bytes;
    }
    const model::Process& process = session.processes.front();
    EXPECT_EQ(sum.calls, process.totals.allocations + process.totals.reallocations);
    EXPECT_EQ(sum.allocated_bytes, process.totals.allocated_bytes);
    EXPECT_EQ(sum.live_bytes, process.heap.live_bytes);
    EXPECT_EQ(sum.peak_bytes, process.heap.peak_bytes);
  }
  EXPECT_EQ(consuming_sites(selection, 2).size(), 2U);
  EXPECT_DOUBLE_EQ(Consumer{}.average_size(), 0);
}

std::vector<SizeAt> an_hour(std::uint64_t (*size)(unsigned second)) {
  std::vector<SizeAt> samples;
  for (unsigned second = 0; second < 3600; ++second) {
    samples.push_back({1e9 + second, size(second)});
  }
  return samples;
}

TEST(RecentGrowth, WhatGrowsIsToldFromWhatGoesUpAndDown) {
  const auto grows =
      judge_samples(an_hour([](unsigned second) {
                      return std::uint64_t{50'000'000} + second * 1000 + second % 7 * 90'000;
                    }),
                    Sensitivity::medium);
  EXPECT_TRUE(grows.growing);
  EXPECT_NEAR(grows.bytes_per_second, 1000, 100);
  const auto stays = judge_samples(
      an_hour([](unsigned second) { return std::uint64_t{50'000'000} + second % 600 * 10'000; }),
      Sensitivity::medium);
  EXPECT_FALSE(stays.growing);
  EXPECT_FALSE(judge_samples({}, Sensitivity::high).growing);
  EXPECT_FALSE(judge_samples({{1, 5}, {1, 6}}, Sensitivity::high).growing);
  EXPECT_FALSE(judge_samples({{2, 5}, {1, 6}, {3, 7}}, Sensitivity::high).growing);
}

}  // namespace
}  // namespace memwatch::analysis
