#include "collector/analysis/leaks.h"

#include <gtest/gtest.h>

#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

TEST(Leaks, RecordsSumToTheLiveHeapAndAreUnclassified) {
  const model::Session session = testing::server_session();
  const model::Process& process = session.processes[0];
  const ProcessLeaks leaks = leaks_of(process, Selection(session));
  EXPECT_EQ(leaks.method, "lifetime");
  EXPECT_TRUE(leaks.complete);
  std::uint64_t bytes = 0, blocks = 0;
  for (const LeakRecord& record : leaks.records) {
    EXPECT_EQ(record.kind, "unclassified");
    bytes += record.bytes;
    blocks += record.blocks;
  }
  EXPECT_EQ(bytes, process.heap.live_bytes);
  EXPECT_EQ(blocks, process.heap.live_blocks);
  EXPECT_GT(leaks.records[0].bytes, leaks.records[1].bytes);
}

TEST(Leaks, BlocksOfSizeZeroAreListed) {
  testing::SessionBuilder builder;
  builder.process(1, "/x").sites = {{.stack = 0, .allocations = 1, .live_blocks = 1}};
  const model::Session& session = builder.session();
  EXPECT_EQ(leaks_of(session.processes[0], Selection(session)).records.size(), 1U);
}

TEST(Leaks, ALossyOrSampledRecordingIsNotComplete) {
  model::Session session = testing::server_session();
  session.processes[0].losses.exact = false;
  EXPECT_FALSE(leaks_of(session.processes[0], Selection(session)).complete);
  session.processes[0].losses.exact = true;
  session.processes[0].mode = model::Mode::sample;
  EXPECT_FALSE(leaks_of(session.processes[0], Selection(session)).complete);
}

// What can be mended is the block that was lost; what it holds goes with it.
TEST(Leaks, ADefiniteLeakCountsWithWhatItHolds) {
  using model::LeakKind;
  testing::SessionBuilder builder;
  model::Process& process = builder.process(1, "/x");
  process.leak_check.method = model::LeakMethod::reachability;
  process.leaks = {{.stack = 0, .kind = LeakKind::definite, .blocks = 2, .bytes = 100},
                   {.stack = 1, .kind = LeakKind::definite, .blocks = 1, .bytes = 300},
                   {.stack = 2, .kind = LeakKind::indirect, .owner = 0, .blocks = 4, .bytes = 900},
                   {.stack = 1, .kind = LeakKind::indirect, .owner = 0, .blocks = 1, .bytes = 50},
                   {.stack = 3, .kind = LeakKind::possible, .blocks = 1, .bytes = 7000}};
  const model::Session& session = builder.session();
  const LeakReport report = find_leaks(Selection(session), 0);
  ASSERT_EQ(report.definite.rows.size(), 2U);
  const RankedSite& largest = report.definite.rows[0];
  EXPECT_EQ(largest.site.stack, 0U);
  EXPECT_EQ(largest.cost, 1050U);
  EXPECT_EQ(largest.site.live_bytes, 100U);
  EXPECT_EQ(largest.site.live_blocks, 2U);
  EXPECT_EQ(largest.held_bytes, 950U);
  EXPECT_EQ(largest.held_blocks, 5U);
  EXPECT_EQ(report.definite.total, 1350U);
  EXPECT_EQ(report.definite.rows[1].cost, 300U);
  EXPECT_EQ(report.definite.rows[1].held_blocks, 0U);
  const ProcessLeaks leaks = leaks_of(session.processes[0], Selection(session));
  std::vector<std::uint64_t> retained;
  for (const LeakRecord& record : leaks.records) retained.push_back(record.retained_bytes);
  EXPECT_EQ(retained, (std::vector<std::uint64_t>{300, 1050, 0, 0, 0}));
}

TEST(Leaks, TheEndOfTheRecordingDecidesTheWords) {
  model::Session session = testing::server_session();
  EXPECT_EQ(end_of_recording(Selection(session)), EndOfRecording::exited);
  session.processes[0].exit_kind = model::ExitKind::signaled;
  EXPECT_EQ(end_of_recording(Selection(session)), EndOfRecording::signaled);
  session.processes[0].exit_kind = model::ExitKind::running;
  EXPECT_EQ(end_of_recording(Selection(session)), EndOfRecording::running);
  const model::Session tree = testing::tree_session();
  EXPECT_EQ(end_of_recording(Selection(tree)), EndOfRecording::mixed);
}

TEST(Leaks, WhatExecThrewAwayIsToldApart) {
  model::Session session = testing::tree_session();
  model::Process& replaced = session.processes[1];
  ASSERT_EQ(replaced.exit_kind, model::ExitKind::exec);
  const LeakReport before = find_leaks(Selection(session), 0);
  replaced.heap.live_blocks = 3;
  replaced.heap.live_bytes = 300;
  replaced.sites[0].live_blocks = 3;
  replaced.sites[0].live_bytes = 300;
  const LeakReport after = find_leaks(Selection(session), 0);
  EXPECT_EQ(after.exec_bytes, 300U);
  EXPECT_EQ(after.bytes, before.bytes);
  EXPECT_EQ(after.by_bytes.total, before.by_bytes.total);
  ASSERT_EQ(after.holders.size(), 1U);
  EXPECT_EQ(after.holders[0]->pid, 102U);
}

}  // namespace
}  // namespace memwatch::analysis
