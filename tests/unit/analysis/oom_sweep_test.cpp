#include "collector/analysis/oom_sweep.h"

#include <gtest/gtest.h>

#include <csignal>

#include "collector/analysis/call_site.h"

namespace memwatch::analysis {
namespace {

// A program with two stacks, main and load <- main, and a failure of load's that was made.
model::Session session_of_a_run(const char* folder = "/usr/bin/") {
  model::Session session;
  session.modules.push_back({std::string(folder) + "app", "aa"});
  session.code_addresses.push_back({1, 0x10, false});
  session.code_addresses.push_back({1, 0x20, false});
  session.stacks.push_back({model::kNone, 1});
  session.stacks.push_back({1, 2});
  model::Process process;
  process.exe = std::string(folder) + "app";
  process.exit_kind = model::ExitKind::exited;
  model::Failure failure;
  failure.function = Function::calloc_;
  failure.requested = 77;
  failure.count = 2;
  failure.injected = true;
  failure.stack = 2;
  process.failures.push_back(failure);
  session.processes.push_back(process);
  return session;
}

void lose(model::Session& session, std::uint64_t blocks, model::StackId stack = 2) {
  model::LeakRow row;
  row.stack = stack;
  row.kind = model::LeakKind::definite;
  row.blocks = blocks;
  row.bytes = blocks * 10;
  session.processes[0].leaks.push_back(row);
}

constexpr int exited(int code) {
  return code << 8;
}

TEST(CallSites, AreTheSameWhereverTheModuleLies) {
  const model::Session here = session_of_a_run(), there = session_of_a_run("/opt/");
  EXPECT_EQ(CallSites(here).of(2), CallSites(there).of(2));
  EXPECT_EQ(CallSites(here).of(2), call_site(here, 2));
  EXPECT_NE(CallSites(here).of(2), CallSites(here).of(1));
  EXPECT_EQ(CallSites(here).of(model::kNone), 0U);
  EXPECT_EQ(CallSites(here).of(4711), 0U);
  EXPECT_EQ(call_site_text(0xc0ffee), "0000000000c0ffee");
}

TEST(CallSites, GrowWithTheSession) {
  model::Session session = session_of_a_run();
  CallSites sites(session);
  const std::uint64_t before = sites.of(2);
  session.stacks.push_back({2, 1});
  EXPECT_NE(sites.of(3), before);
  EXPECT_EQ(sites.of(2), before);
}

TEST(OomSweep, ARunEndsAsUndisturbedOrOtherwise) {
  const model::Session session = session_of_a_run();
  SweptRun run = judge_run(session, {exited(0), false, true}, 0, {});
  EXPECT_EQ(run.outcome, SweepOutcome::went_on);
  EXPECT_EQ(run.function, Function::calloc_);
  EXPECT_EQ(run.requested, 77U);
  EXPECT_EQ(run.failures, 2U);
  run = judge_run(session, {exited(3), false, true}, 0, {});
  EXPECT_EQ(run.outcome, SweepOutcome::failed);
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_FALSE(is_finding(run.outcome));
}

TEST(OomSweep, ACrashIsTheProgramsOrAChilds) {
  model::Session session = session_of_a_run();
  SweptRun run = judge_run(session, {SIGABRT, false, true}, 0, {});
  EXPECT_EQ(run.outcome, SweepOutcome::crashed);
  EXPECT_EQ(run.signal, SIGABRT);
  model::Process child;
  child.exe = "/usr/bin/helper";
  child.exit_kind = model::ExitKind::signaled;
  child.exit_signal = SIGTERM;
  session.processes.push_back(child);
  EXPECT_EQ(judge_run(session, {exited(0), false, true}, 0, {}).outcome, SweepOutcome::went_on);
  session.processes[1].exit_signal = SIGSEGV;
  run = judge_run(session, {exited(0), false, true}, 0, {});
  EXPECT_EQ(run.outcome, SweepOutcome::crashed);
  EXPECT_EQ(run.crashed_child, "/usr/bin/helper");
}

TEST(OomSweep, AHangIsNotTakenForTheCrashThatEndedIt) {
  const SweptRun run = judge_run(session_of_a_run(), {SIGKILL, true, true}, 0, {});
  EXPECT_EQ(run.outcome, SweepOutcome::hung);
}

TEST(OomSweep, OnlyWhatWasNotLostBeforeIsALeak) {
  model::Session before = session_of_a_run();
  lose(before, 3);
  const LostBySite lost_before = lost_by_site(before);
  model::Session session = session_of_a_run("/opt/");
  lose(session, 3);
  EXPECT_EQ(judge_run(session, {exited(0), false, true}, 0, lost_before).outcome,
            SweepOutcome::went_on);
  lose(session, 2);
  lose(session, 1, 1);
  const SweptRun run = judge_run(session, {exited(0), false, true}, 0, lost_before);
  EXPECT_EQ(run.outcome, SweepOutcome::leaked);
  EXPECT_EQ(run.lost_blocks, 3U);
  EXPECT_EQ(run.lost_bytes, 30U);
  EXPECT_EQ(most_lost(session, lost_before).stack, 2U);
  for (model::LeakRow& row : session.processes[0].leaks) row.suppression = 1;
  EXPECT_EQ(judge_run(session, {exited(0), false, true}, 0, lost_before).outcome,
            SweepOutcome::went_on);
}

TEST(OomSweep, WithoutAFailureNothingIsFound) {
  model::Session session = session_of_a_run();
  session.processes[0].failures[0].injected = false;
  lose(session, 2);
  EXPECT_EQ(judge_run(session, {exited(1), false, true}, 0, {}).outcome,
            SweepOutcome::not_disturbed);
}

}  // namespace
}  // namespace memwatch::analysis
