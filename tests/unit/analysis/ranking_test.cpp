#include "collector/analysis/ranking.h"

#include <gtest/gtest.h>

#include "collector/analysis/hotspots.h"
#include "collector/analysis/peak.h"
#include "collector/analysis/sums.h"
#include "collector/analysis/temporary.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST(Ranking, LargestFirstWithSharesOfTheWhole) {
  const model::Session session = testing::server_session();
  const Ranking ranking = rank_sites(Selection(session), Cost::peak, 2);
  ASSERT_EQ(ranking.rows.size(), 2U);
  EXPECT_EQ(ranking.rows[0].cost, 18 * kMiB);
  EXPECT_DOUBLE_EQ(ranking.rows[0].share, 0.75);
  EXPECT_EQ(ranking.total, 24 * kMiB);
  EXPECT_EQ(ranking.stacks, 3U);
  EXPECT_EQ(ranking.shown, 22 * kMiB);
}

TEST(Ranking, TopZeroIsAllAndStacksWithoutCostAreLeftOut) {
  const model::Session session = testing::server_session();
  EXPECT_EQ(rank_sites(Selection(session), Cost::allocations, 0).rows.size(), 3U);
  EXPECT_EQ(rank_sites(Selection(session), Cost::leaked, 0).rows.size(), 2U);
  EXPECT_EQ(rank_sites(Selection(session), Cost::temporary, 0).rows.size(), 1U);
}

TEST(Ranking, FiltersNarrowTheRowsButNotTheTotal) {
  const model::Session session = testing::server_session();
  const auto selection = Selection::create(session, {{}, "libfoo", ""});
  const Ranking ranking = rank_sites(*selection, Cost::peak, 0);
  ASSERT_EQ(ranking.rows.size(), 1U);
  EXPECT_EQ(ranking.selected, 2 * kMiB);
  EXPECT_EQ(ranking.total, 24 * kMiB);
}

TEST(Ranking, TheSameStackInSeveralProcessesIsOneRow) {
  const model::Session session = testing::tree_session();
  const Ranking ranking = rank_sites(Selection(session), Cost::allocated, 0);
  ASSERT_EQ(ranking.rows.size(), 2U);
  EXPECT_EQ(ranking.rows[0].cost, 200 * kMiB);
  EXPECT_EQ(ranking.rows[1].cost, 12 * kMiB);
  EXPECT_EQ(ranking.rows[1].site.own_peak_bytes, 3 * kMiB);
}

TEST(Ranking, ReallocationsCountAsAllocations) {
  const model::Session session = testing::server_session();
  const HotspotReport report = find_hotspots(Selection(session), 1);
  EXPECT_EQ(report.by_allocations.rows[0].cost, 708U);
  EXPECT_EQ(report.by_bytes.rows[0].cost, 20 * kMiB);
}

TEST(Ranking, NoSitesMakeNoRowsAndNoDivisionByZero) {
  const model::Session session = testing::empty_session();
  const Ranking ranking = rank_sites(Selection(session), Cost::peak, 10);
  EXPECT_TRUE(ranking.rows.empty());
  EXPECT_EQ(find_temporary(Selection(session), 1).by_count.total, 0U);
}

TEST(Ranking, CostNamesAreThoseOfTheOption) {
  EXPECT_EQ(cost_from_name("leaked"), Cost::leaked);
  EXPECT_EQ(cost_from_name("temporary"), Cost::temporary);
  EXPECT_EQ(cost_from_name("size"), std::nullopt);
  EXPECT_EQ(cost_name(Cost::allocated), "allocated");
}

TEST(Peak, OfATreeIsTheSumOfPeaksWithTheLargestNamed) {
  const model::Session session = testing::tree_session();
  const PeakReport report = find_peak(Selection(session), 1);
  EXPECT_EQ(report.processes, 4U);
  EXPECT_EQ(report.sum_bytes, 106 * kMiB);
  EXPECT_EQ(report.largest->exe, "/usr/lib/cc1plus");
}

TEST(Sums, AddProcessesUpAndSpanTheirLives) {
  const model::Session session = testing::tree_session();
  const Sums sums = sum_processes(Selection(session));
  EXPECT_EQ(sums.totals.allocated_bytes, 212 * kMiB);
  EXPECT_EQ(sums.live_bytes, sums.totals.allocated_bytes - sums.totals.freed_bytes);
  EXPECT_DOUBLE_EQ(sums.duration, 1.3);
  EXPECT_TRUE(sums.losses.exact);
  EXPECT_EQ(sums.functions[static_cast<std::size_t>(Function::malloc_)].calls, 212U);
}

}  // namespace
}  // namespace memwatch::analysis
