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

}  // namespace
}  // namespace memwatch::analysis
