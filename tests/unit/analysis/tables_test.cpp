#include <gtest/gtest.h>

#include "collector/analysis/modules.h"
#include "collector/analysis/processes.h"
#include "collector/analysis/sizes.h"
#include "collector/analysis/summary.h"
#include "collector/analysis/threads.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

TEST(Threads, TheOneWithMostBytesComesFirst) {
  const model::Session session = testing::server_session();
  const std::vector<ThreadRow> rows = list_threads(Selection(session));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].thread->name, "worker");
  EXPECT_DOUBLE_EQ(rows[0].share, 0.75);
}

TEST(Modules, AStackCountsForTheModuleOfItsFirstFrame) {
  const model::Session session = testing::server_session();
  const std::vector<ModuleRow> rows = list_modules(Selection(session));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].path, "/usr/lib/libc.so.6");
  EXPECT_EQ(rows[1].path, "/srv/app/server");
  EXPECT_EQ(rows[1].allocations + rows[1].reallocations, 708U);
  EXPECT_DOUBLE_EQ(rows[1].share, 0.5);
}

TEST(Processes, ChildrenFollowTheirParentAndImagesTheirPid) {
  const model::Session session = testing::tree_session();
  const std::vector<ProcessRow> rows = list_processes(Selection(session));
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  for (const ProcessRow& row : rows) order.emplace_back(row.process->pid, row.depth);
  const std::vector<std::pair<std::uint32_t, std::size_t>> expected = {
      {100, 0}, {101, 1}, {101, 1}, {102, 1}};
  EXPECT_EQ(order, expected);
}

TEST(Processes, ParentsInACircleAreListedOnceEach) {
  testing::SessionBuilder builder;
  builder.process(1, "/a").ppid = 2;
  builder.process(2, "/b").ppid = 1;
  builder.process(3, "/c").ppid = 3;
  EXPECT_EQ(list_processes(Selection(builder.session())).size(), 3U);
}

TEST(Sizes, EmptyBucketsAreLeftOutAndTheOthersHaveTheirBounds) {
  const model::Session session = testing::server_session();
  const SizeReport report = find_sizes(Selection(session));
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows.front().from, 16U);
  EXPECT_EQ(report.rows.front().to, 31U);
  EXPECT_EQ(report.rows.back().from, 32768U);
  EXPECT_EQ(report.allocations, 1010U);
}

TEST(Sizes, TheLastBucketReachesTheLargestNumber) {
  model::Session session = testing::empty_session();
  session.processes[0].sizes[0] = {1, 0};
  session.processes[0].sizes[64] = {1, 5};
  const SizeReport report = find_sizes(Selection(session));
  EXPECT_EQ(report.rows.front().to, 0U);
  EXPECT_EQ(report.rows.back().to, ~std::uint64_t{0});
}

TEST(Summary, GathersWhatMattersMost) {
  const model::Session session = testing::tree_session();
  const Summary summary = summarize(Selection(session), 1);
  EXPECT_EQ(summary.root->pid, 100U);
  EXPECT_EQ(summary.largest->exe, "/usr/lib/cc1plus");
  EXPECT_FALSE(summary.sampled);
  EXPECT_FALSE(summary.coverage.has_value());
  // Four images of three processes.
  EXPECT_EQ(summary.pids, 3U);
}

TEST(Summary, TheLastImageOfTheRootTellsHowItEnded) {
  model::Session session = testing::tree_session();
  session.processes[0].exit_kind = model::ExitKind::exec;
  EXPECT_EQ(summarize(Selection(session), 1).root_end, &session.processes[0]);
  session.processes[3].pid = session.processes[0].pid;
  const Summary summary = summarize(Selection(session), 1);
  EXPECT_EQ(summary.root, &session.processes[0]);
  EXPECT_EQ(summary.root_end, &session.processes[3]);
}

}  // namespace
}  // namespace memwatch::analysis
