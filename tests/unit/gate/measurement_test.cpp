#include "collector/gate/measurement.h"

#include <gtest/gtest.h>

#include "collector/gate/gate_report.h"
#include "tests/unit/gate/programs.h"

namespace memwatch::gate {
namespace {

using testing::app_session;

std::string refusal(const model::Session& session) {
  Measurement measurement{Budget{}};
  const Result<void> added = measurement.add(session, "run 1");
  EXPECT_EQ(measurement.runs(), added ? 1U : 0U);
  return added ? "" : added.error().to_line();
}

TEST(Measurement, WhatCannotStandForARunIsRefused) {
  EXPECT_EQ(refusal(app_session()), "");
  EXPECT_NE(refusal(model::Session{}).find("nothing was recorded"), std::string::npos);
  model::Session cut = app_session();
  cut.complete = false;
  EXPECT_NE(refusal(cut).find("cut short"), std::string::npos);
  model::Session sampled = app_session();
  sampled.processes[0].mode = model::Mode::sample;
  EXPECT_NE(refusal(sampled).find("exact"), std::string::npos);
  model::Session idle = app_session();
  idle.processes[0].mode = model::Mode::idle;
  EXPECT_NE(refusal(idle).find("exact"), std::string::npos);
  model::Session lossy = app_session();
  lossy.processes[0].losses.exact = false;
  EXPECT_NE(refusal(lossy).find("events were lost"), std::string::npos);
  model::Session childless = app_session();
  childless.processes[0].losses.children_unrecorded = 1;
  EXPECT_NE(refusal(childless).find("was not recorded"), std::string::npos);
  model::Session running = app_session();
  running.processes[0].exit_kind = model::ExitKind::running;
  EXPECT_NE(refusal(running).find("still running"), std::string::npos);
}

// The program of app_session(), which keeps a block of 1000 bytes: a check by reachability calls it
// definite.
model::Session judged_session() {
  model::Session session = app_session();
  model::Process& process = session.processes[0];
  process.leak_check.method = model::LeakMethod::reachability;
  process.leak_check.complete = true;
  model::LeakRow row;
  row.kind = model::LeakKind::definite;
  row.blocks = 1;
  row.bytes = 1'000;
  row.stack = process.sites[0].stack;
  process.leaks.push_back(row);
  return session;
}

model::Session doubtful_session() {
  model::Session session = judged_session();
  session.processes[0].leak_check.complete = false;
  session.processes[0].leak_check.reason = "a part of its memory could not be read";
  return session;
}

TEST(Measurement, LeaksThatWereNotJudgedWithEverythingSeenAreNoFigure) {
  EXPECT_EQ(refusal(judged_session()), "");
  EXPECT_EQ(
      refusal(doubtful_session()),
      "measure: run 1: the leaks of process 100 (/build/app) were not judged with everything "
      "seen: a part of its memory could not be read (recorded with --leak-check none, what was "
      "not freed counts instead)");

  model::Session watched = judged_session();  // `leaks` asked of what came within a second alone
  watched.processes[0].leak_check.complete = false;
  watched.processes[0].leak_check.watched_ms = 1'000;
  EXPECT_NE(refusal(watched).find("allocated in the last 1.00 s"), std::string::npos);
}

TEST(Measurement, AnIncompleteCheckMattersOnlyWhereAFigureComesOfIt) {
  model::Session replaced = doubtful_session();
  replaced.processes[0].exit_kind = model::ExitKind::exec;
  EXPECT_EQ(refusal(replaced), "");
  model::Session kept_nothing = app_session({.kept = 0});
  kept_nothing.processes[0].leak_check.method = model::LeakMethod::reachability;
  EXPECT_EQ(refusal(kept_nothing), "");
  for (const auto method : {model::LeakMethod::lifetime, model::LeakMethod::none}) {
    model::Session counted = app_session();
    counted.processes[0].leak_check.method = method;
    Measurement measurement{Budget{}};
    ASSERT_TRUE(measurement.add(counted, "run"));
    EXPECT_EQ(measurement.spread(Metric::leaked_bytes, 0, 1).middle, 1'000U);
  }
}

TEST(Measurement, MemoryOfAnImageThatExecReplacedIsNotLeaked) {
  model::Session session = app_session();
  model::Process after = session.processes[0];
  session.processes[0].exit_kind = model::ExitKind::exec;
  after.sites.clear();
  after.totals = {};
  after.heap = {};
  session.processes.push_back(after);
  Measurement measurement{Budget{}};
  ASSERT_TRUE(measurement.add(session, "run"));
  EXPECT_EQ(measurement.spread(Metric::leaked_bytes, 0, 1).middle, 0U);
  EXPECT_EQ(measurement.spread(Metric::allocated_bytes, 0, 1).middle, 100'000U);
}

TEST(Measurement, ABudgetPicksStacksByFunctionFileOrModule) {
  const Result<Budget> budget = parse_budget("b", R"(
[[stack]]
match = "^index$"
max_peak = 39999
max_own_peak = 50000
max_allocations = 900
[[stack]]
match = "app\\.cpp"
max_leaked = 999
[[stack]]
match = "nowhere"
max_peak = 0
)");
  ASSERT_TRUE(budget);
  Measurement measurement{*budget};
  ASSERT_TRUE(measurement.add(app_session(), "run"));
  const GateReport report = assess({measurement, nullptr, 1, false});
  ASSERT_EQ(report.stack_limits.size(), 5U);
  std::vector<bool> failed;
  std::vector<std::uint64_t> values;
  for (const StackLimitResult& result : report.stack_limits) {
    failed.push_back(result.failed());
    values.push_back(result.now.middle);
  }
  // In the order of figures: allocations, own_peak, peak_heap of the first; leaked; nothing.
  EXPECT_EQ(values, (std::vector<std::uint64_t>{900, 50'000, 40'000, 1'000, 0}));
  EXPECT_EQ(failed, (std::vector<bool>{false, false, true, true, false}));
  EXPECT_EQ(report.stack_limits[3].stacks, 2U);
  EXPECT_EQ(report.stack_limits[4].stacks, 0U);
  EXPECT_EQ(report.outcome, Outcome::regressed);
}

TEST(Measurement, StacksThatGrewComeLargestFirstWithWhatTheyWere) {
  Measurement then{Budget{}}, now{Budget{}};
  ASSERT_TRUE(then.add(app_session(), "run"));
  ASSERT_TRUE(now.add(app_session({.allocations = 150, .bytes = 30'000, .scale = 3}), "run"));
  const Baseline baseline = baseline_of(then, std::nullopt, Listing::worth_a_line);
  const GateReport report = assess({now, &baseline, 1, false});
  EXPECT_EQ(report.outcome, Outcome::regressed);
  const MetricResult& bytes = report.metrics[static_cast<std::size_t>(Metric::allocated_bytes)];
  ASSERT_EQ(bytes.grown.size(), 1U);
  EXPECT_EQ(bytes.grown[0].text, "load(int) <- main");
  EXPECT_EQ(bytes.grown[0].before, 10'000U);
  EXPECT_EQ(bytes.grown[0].after, 30'000U);
  const MetricResult& failures = report.metrics[static_cast<std::size_t>(Metric::failed)];
  EXPECT_FALSE(failures.failed());
}

// A program of which the baseline lists no stack by itself: 1000 of the same size.
model::Session flat_session(std::uint64_t largest, std::uint64_t smallest) {
  testing::SessionBuilder builder;
  const auto exe = builder.module("/build/app");
  std::vector<model::Site> sites;
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto at = builder.address(exe, i + 1, {{"function_" + std::to_string(i), "", 0, false}});
    const std::uint64_t size = i == 0 ? largest : smallest;
    sites.push_back({.stack = builder.stack({at}), .allocated_bytes = size});
    bytes += size;
  }
  model::Process& process = builder.process(1, "/build/app");
  process.sites = sites;
  process.totals.allocations = 1000;
  process.totals.allocated_bytes = bytes;
  return builder.session();
}

TEST(Measurement, WhatTheBaselineDoesNotListHasGrownOnlyIfItIsLargerThanAllOfThat) {
  Measurement then{Budget{}};
  ASSERT_TRUE(then.add(flat_session(10, 10), "run"));
  const Baseline baseline = baseline_of(then, std::nullopt, Listing::worth_a_line);
  EXPECT_TRUE(baseline.stacks.empty());
  Measurement now{Budget{}};
  ASSERT_TRUE(now.add(flat_session(500, 10), "run"));
  const GateReport report = assess({now, &baseline, 1, false});
  const MetricResult& bytes = report.metrics[static_cast<std::size_t>(Metric::allocated_bytes)];
  ASSERT_EQ(bytes.grown.size(), 1U);
  EXPECT_FALSE(bytes.grown[0].listed);
  EXPECT_EQ(bytes.grown[0].before, 10U);
  EXPECT_EQ(bytes.grown[0].after, 500U);
  EXPECT_EQ(bytes.unlisted.before, 10'000U);
  EXPECT_EQ(bytes.unlisted.after, 10'490U);
}

TEST(Measurement, TwoPercentMoreOfACountFailsAndHalfAPercentDoesNot) {
  Measurement then{Budget{}};
  ASSERT_TRUE(then.add(app_session(), "run"));
  const Baseline baseline = baseline_of(then, std::nullopt, Listing::worth_a_line);
  for (const auto& [allocations, outcome] :
       {std::pair{105U, Outcome::passed}, std::pair{120U, Outcome::regressed}}) {
    Measurement now{Budget{}};
    ASSERT_TRUE(now.add(app_session({.allocations = allocations}), "run"));
    EXPECT_EQ(assess({now, &baseline, 1, false}).outcome, outcome) << allocations;
  }
}

TEST(Measurement, WhileUpdatingOnlyLimitsFail) {
  Measurement then{Budget{}};
  ASSERT_TRUE(then.add(app_session(), "run"));
  const Baseline baseline = baseline_of(then, std::nullopt, Listing::worth_a_line);
  Measurement now{Budget{}};
  ASSERT_TRUE(now.add(app_session({.allocations = 900}), "run"));
  EXPECT_EQ(assess({now, &baseline, 1, true}).outcome, Outcome::passed);
  Budget budget;
  budget.limit[static_cast<std::size_t>(Metric::allocations)] = 10;
  Measurement limited{budget};
  ASSERT_TRUE(limited.add(app_session(), "run"));
  EXPECT_EQ(assess({limited, &baseline, 1, true}).outcome, Outcome::regressed);
}

TEST(Environment, DifferencesAreSentences) {
  const Environment then{"libc", 2, "6.1.0", "glibc 2.36", "x86_64", "0.1.0"};
  Environment now = then;
  EXPECT_TRUE(differences(then, now).empty());
  now.kernel = "6.8.0";
  now.cpus = 4;
  EXPECT_EQ(differences(then, now),
            (std::vector<std::string>{"CPUs 2 then, 4 now", "kernel 6.1.0 then, 6.8.0 now"}));
}

}  // namespace
}  // namespace memwatch::gate
