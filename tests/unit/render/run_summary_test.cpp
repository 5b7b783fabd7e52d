#include "tools/render/run_summary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/render/golden.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::render {
namespace {

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(RunSummary, ReadsAsExpected) {
  testing::expect_golden("run-server",
                         render_run_summary(testing::server_session(), "server-4242.mw", {}));
  testing::expect_golden(
      "run-server-colour",
      render_run_summary(testing::server_session(), "server-4242.mw", {.color = true}));
  testing::expect_golden("run-tree",
                         render_run_summary(testing::tree_session(), "make-100.mw", {}));
  testing::expect_golden("run-empty",
                         render_run_summary(testing::empty_session(), "true-7.mw", {}));
}

TEST(RunSummary, NeverExceedsItsLinesHoweverMuchThereIsToTell) {
  model::Session session = testing::server_session();
  testing::SessionBuilder builder;
  model::Process& process = session.processes[0];
  // Deep stacks, different ones for what was not freed and for the peak, notes, several processes.
  std::vector<model::SourceFrame> many;
  for (int i = 0; i < 100; ++i) many.push_back({"frame", "file.cpp", 1, i < 99});
  for (model::Symbols& symbols : session.symbols) symbols.frames = many;
  process.sites[0].live_bytes = 0;
  process.sites[0].live_blocks = 0;
  process.notes = {std::string(1000, 'n'), "a second note"};
  session.processes.push_back(process);
  for (const std::size_t width : {40U, 60U, 100U, 200U}) {
    const std::string text = render_run_summary(session, "a.mw", {.width = width});
    EXPECT_LE(lines_of(text), kRunSummaryLines) << text;
    EXPECT_NE(text.find("memwatch report a.mw"), std::string::npos);
  }
}

TEST(RunSummary, NextCommandLeadsToWhatIsUnusual) {
  model::Session session = testing::server_session();
  EXPECT_NE(render_run_summary(session, "a.mw", {}).find("memwatch report a.mw --view failures"),
            std::string::npos);
  session.processes[0].totals.failed = 0;
  session.processes[0].failures.clear();
  EXPECT_NE(render_run_summary(session, "a.mw", {}).find("memwatch report a.mw --view peak"),
            std::string::npos);
  session.processes[0].heap.live_bytes = 20 << 20;
  EXPECT_NE(render_run_summary(session, "a b.mw", {}).find("memwatch report 'a b.mw' --view leaks"),
            std::string::npos);
}

TEST(RunSummary, DetailsThatDoNotFitAreLeftOutRatherThanCut) {
  const model::Session session = testing::server_session();
  for (std::size_t width = 60; width <= 120; width += 5) {
    const std::string text = render_run_summary(session, "a.mw", {.width = width});
    EXPECT_EQ(text.find("…"), std::string::npos) << text;
  }
}

TEST(RunSummary, AWrapperThatExecsTellsHowTheProgramEnded) {
  model::Session session = testing::tree_session();
  session.processes[0].exit_kind = model::ExitKind::exec;
  session.processes[3].pid = session.processes[0].pid;
  session.processes[3].exit_code = 3;
  const std::string text = render_run_summary(session, "a.mw", {});
  EXPECT_NE(text.find("exit 3 after 1.30 s as cc1plus"), std::string::npos) << text;
  EXPECT_EQ(text.find("replaced by exec"), std::string::npos) << text;
}

TEST(RunSummary, NothingRecordedPointsToTheDoctor) {
  model::Session session;
  session.command = {"./static"};
  EXPECT_NE(render_run_summary(session, "", {}).find("memwatch doctor -- ./static"),
            std::string::npos);
}

TEST(RunSummary, StacksItShowsCanBeSymbolisedBefore) {
  const model::Session session = testing::tree_session();
  EXPECT_EQ(stacks_in_run_summary(session).size(), 2U);
  EXPECT_TRUE(stacks_in_run_summary(model::Session{}).empty());
}

TEST(RunSummary, AHiddenAllocatorIsPointedOut) {
  model::Session session = testing::server_session();
  for (model::TimelineSample& sample : session.processes[0].timeline) sample.live_bytes /= 100;
  EXPECT_NE(render_run_summary(session, "a.mw", {}).find("own allocator"), std::string::npos);
}

}  // namespace
}  // namespace memwatch::render
