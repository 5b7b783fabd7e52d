#include "collector/analysis/consumers.h"

#include <gtest/gtest.h>

#include "collector/analysis/call_site.h"
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

TEST(Consumers, TheLargestOfAProcessAreThoseOfTheSelection) {
  model::Session session = testing::server_session();
  model::Process& process = session.processes.front();
  // More sites, some of them with as much live as others.
  const std::vector<model::Site> some = process.sites;
  for (std::uint64_t i = 1; i < 50; ++i) {
    for (model::Site site : some) {
      site.live_bytes = site.live_bytes / i * 3 + i % 5;
      site.stack = static_cast<model::StackId>(session.stacks.size());
      session.stacks.push_back(session.stacks[some.front().stack]);
      process.sites.push_back(site);
    }
  }
  const Selection selection(session);
  for (const std::size_t top : {1U, 7U, 20U, 100'000U}) {
    const std::vector<Consumer> expected = consuming_sites(selection, top);
    const std::vector<Consumer> found = consuming_sites(process, top);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].live_bytes, expected[i].live_bytes) << top << " " << i;
      EXPECT_EQ(found[i].peak_bytes, expected[i].peak_bytes);
      EXPECT_EQ(found[i].calls, expected[i].calls);
      EXPECT_EQ(found[i].live_blocks, expected[i].live_blocks);
    }
  }
}

TEST(CallSite, IsTheSameWhereTheCodeIsWhateverItsNumber) {
  model::Session session;
  session.modules.push_back({"/bin/server", "aa"});
  session.modules.push_back({"/lib/libfoo.so.1", "bb"});
  session.code_addresses.push_back({1, 64, false});
  session.code_addresses.push_back({2, 4096, false});
  session.stacks.push_back({model::kNone, 1});
  session.stacks.push_back({1, 2});
  model::Session other;
  other.modules.push_back({"/opt/lib/libfoo.so.1", "bb"});
  other.modules.push_back({"/bin/server", "aa"});
  other.code_addresses.push_back({1, 4096, false});
  other.code_addresses.push_back({2, 64, false});
  other.stacks.push_back({model::kNone, 2});
  other.stacks.push_back({1, 1});
  const std::uint64_t identity = call_site(session, 2);
  EXPECT_EQ(call_site(other, 2), identity) << "installed elsewhere";
  EXPECT_NE(call_site(session, 1), identity);
  session.modules[2].build_id = "cc";
  EXPECT_NE(call_site(session, 2), identity) << "another build";
  // Code without a module lies anywhere.
  session.code_addresses[2] = {model::kNone, 0x7f001000, false};
  const std::uint64_t made_at_run_time = call_site(session, 2);
  session.code_addresses[2].offset = 0x7f002000;
  EXPECT_EQ(call_site(session, 2), made_at_run_time);
  EXPECT_NE(made_at_run_time, call_site(session, 1));
}

TEST(CallSite, IdsThatMakeNoSenseAreNoCode) {
  model::Session session;
  session.stacks.push_back({1, 4711});  // its own parent
  session.code_addresses.push_back({4711, 1, false});
  session.stacks.push_back({4711, 1});
  EXPECT_EQ(call_site(session, 1), call_site(session, 1));
  EXPECT_EQ(call_site(session, 4711), call_site(session, model::kNone));
  EXPECT_NE(call_site(session, 2), 0U);
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
