// The page that Prometheus scrapes, and differences of profiles.
#include "tools/server/metrics.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "tests/unit/render/sample_sessions.h"
#include "tools/server/profile_delta.h"
#include "tools/server/timers.h"

namespace memwatch::server {
namespace {

class Metrics : public ::testing::Test {
 protected:
  Metrics() {
    daemon::ProcessStatus process;
    process.pid = 7;
    process.start_ticks = 70;
    process.name = "server";
    process.mode = model::Mode::exact;
    process.live_bytes = 4096;
    process.rss = 10000;
    process.totals.allocations = 12;
    facts_.status.processes.push_back(process);
  }
  bool has(const std::string& line) {
    const std::string text = "\n" + metrics_text(facts_);
    return text.find("\n" + line + "\n") != std::string::npos;
  }
  MetricFacts facts_;
};

TEST_F(Metrics, AProcessHasItsFigures) {
  EXPECT_TRUE(has("# TYPE memwatch_process_heap_live_bytes gauge"));
  EXPECT_TRUE(has("memwatch_process_heap_live_bytes{pid=\"7\",exe=\"server\"} 4096"));
  EXPECT_TRUE(has("memwatch_process_external_bytes{pid=\"7\",exe=\"server\"} 5904"));
  EXPECT_TRUE(has("# TYPE memwatch_process_allocations_total counter"));
  EXPECT_TRUE(has("memwatch_process_allocations_total{pid=\"7\",exe=\"server\"} 12"));
  EXPECT_TRUE(has("memwatch_processes{state=\"running\"} 1"));
  facts_.status.processes[0].live_bytes = 20000;
  EXPECT_TRUE(has("memwatch_process_external_bytes{pid=\"7\",exe=\"server\"} 0"));
}

TEST_F(Metrics, PressureIsTheShareOfTimeNotItsPercents) {
  EXPECT_EQ(metrics_text(facts_).find("pressure"), std::string::npos) << "nothing is known of it";
  facts_.machine_pressure = procfs::Pressure{};
  facts_.machine_pressure->some_avg10 = 12.5;
  facts_.machine_pressure->full_avg10 = 3.125;
  facts_.machine_pressure->some_avg60 = facts_.machine_pressure->full_avg60 = 77;
  daemon::ProcessMeasures measures;
  measures.pid = 7;
  measures.start_ticks = 70;
  measures.has_last = true;
  measures.last.psi_some_avg10 = 50;
  measures.last.cgroup_usage = 1000;
  measures.last.cgroup_limit = 4000;
  facts_.measures = {measures};
  EXPECT_TRUE(has("# TYPE memwatch_machine_pressure_ratio gauge"));
  EXPECT_TRUE(has("memwatch_machine_pressure_ratio{kind=\"some\"} 0.125"));
  EXPECT_TRUE(has("memwatch_machine_pressure_ratio{kind=\"full\"} 0.03125"));
  EXPECT_TRUE(has("# TYPE memwatch_process_cgroup_pressure_ratio gauge"));
  EXPECT_TRUE(has("memwatch_process_cgroup_pressure_ratio{pid=\"7\",exe=\"server\"} 0.5"));
  EXPECT_TRUE(has("memwatch_process_cgroup_usage_bytes{pid=\"7\",exe=\"server\"} 1000"));
  EXPECT_TRUE(has("memwatch_process_cgroup_limit_bytes{pid=\"7\",exe=\"server\"} 4000"));
}

TEST_F(Metrics, WhatIsNotKnownIsNotThere) {
  facts_.status.processes[0].mode = model::Mode::idle;
  EXPECT_EQ(metrics_text(facts_).find("heap_live"), std::string::npos);
  facts_.status.processes[0].source = daemon::Source::polled;
  const std::string text = metrics_text(facts_);
  EXPECT_EQ(text.find("allocations_total{"), std::string::npos);
  EXPECT_NE(text.find("memwatch_process_resident_bytes{pid=\"7\",exe=\"server\"} 10000"),
            std::string::npos);
}

TEST_F(Metrics, TheDeadLeaveAfterFiveMinutes) {
  facts_.status.processes[0].is_running = false;
  facts_.status.processes[0].ended_ago = 299;
  EXPECT_TRUE(has("memwatch_process_allocations_total{pid=\"7\",exe=\"server\"} 12"));
  EXPECT_FALSE(has("memwatch_process_resident_bytes{pid=\"7\",exe=\"server\"} 10000"));
  facts_.status.processes[0].ended_ago = 301;
  EXPECT_EQ(metrics_text(facts_).find("pid=\"7\""), std::string::npos);
}

TEST_F(Metrics, NoSeriesIsThereTwiceAndNamesCannotBreakThePage) {
  daemon::ProcessStatus process = facts_.status.processes[0];
  process.is_running = false;  // the image before an exec
  facts_.status.processes.push_back(process);
  process.pid = 8;
  process.name = "a\"b\\c\nd\xff";
  facts_.status.processes.push_back(process);
  daemon::ProcessMeasures measures;
  measures.pid = 7;
  measures.start_ticks = 70;
  measures.has_last = true;
  for (int i = 0; i < 3; ++i) measures.libraries.push_back({"/lib/" + std::to_string(i), 1, 1, 1});
  measures.others.live_blocks = 9;
  for (history::SiteId i = 0; i < 3; ++i) {
    measures.sites.push_back({i, {"operator new<\"\n>", "/lib/a"}, 100 + i, i});
  }
  measures.other_sites.live_bytes = 7;
  facts_.measures = {measures};
  std::set<std::string> seen;
  std::istringstream lines(metrics_text(facts_));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_TRUE(seen.contains(
      "memwatch_process_allocations_total{pid=\"8\",exe=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\"}"));
  EXPECT_TRUE(
      seen.contains("memwatch_module_live_bytes{pid=\"7\",exe=\"server\",module=\"other\"}"));
  EXPECT_TRUE(
      has("memwatch_site_live_bytes{pid=\"7\",exe=\"server\",site=\"0000000000000002\","
          "function=\"operator new<\\\"\\n>\",module=\"/lib/a\"} 102"));
  EXPECT_TRUE(has(
      "memwatch_site_live_bytes{pid=\"7\",exe=\"server\",site=\"other\",function=\"\",module=\"\"} "
      "7"));
}

TEST(Measures, TheLargestLibrariesAreNamedAndTheRestIsOther) {
  const model::Session session = memwatch::testing::server_session();
  const model::Process& process = session.processes.front();
  for (const std::size_t top : {0U, 1U, 2U, 100U}) {
    const daemon::ProcessMeasures found = daemon::measure(session, process, top);
    EXPECT_LE(found.libraries.size(), top);
    std::uint64_t sum = found.others.live_bytes;
    for (const auto& share : found.libraries) sum += share.live_bytes;
    EXPECT_EQ(sum, process.heap.live_bytes);
  }
}

TEST(ProfileDelta, HasWhatChangedAlone) {
  model::Session session = memwatch::testing::server_session();
  const ProfileStart start = start_of(session);
  model::Session later = session;
  model::Site& first = later.processes.front().sites.front();
  first.allocations += 3;
  first.allocated_bytes += 300;
  first.live_bytes -= 50;  // freed meanwhile
  later.processes.front().duration += 5;
  const model::StackId stack = first.stack;
  ASSERT_TRUE(subtract(start, later));
  ASSERT_EQ(later.processes.front().sites.size(), 1U);
  const model::Site& changed = later.processes.front().sites.front();
  EXPECT_EQ(changed.stack, stack);
  EXPECT_EQ(changed.allocations, 3U);
  EXPECT_EQ(static_cast<std::int64_t>(changed.live_bytes), -50);
  EXPECT_DOUBLE_EQ(later.processes.front().duration, 5);
  session.started_at += 1;
  EXPECT_FALSE(subtract(start, session)) << "another recording";
}

TEST(TimersTest, AreRunWhenTheyAreDueAndBounded) {
  Timers timers;
  int runs = 0;
  using std::chrono::milliseconds;
  EXPECT_TRUE(timers.add(milliseconds(0), [&] { ++runs; }));
  EXPECT_TRUE(timers.add(std::chrono::hours(1), [&] { ++runs; }));
  timers.run_due();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(timers.until_next(milliseconds(5)), milliseconds(5));
  while (timers.add(std::chrono::hours(1), [] {})) {
  }
  EXPECT_TRUE(timers.add(milliseconds(0), [] {}) == false);
}

}  // namespace
}  // namespace memwatch::server
