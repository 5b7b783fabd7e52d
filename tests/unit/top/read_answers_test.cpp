#include <gtest/gtest.h>

#include "tools/render/output.h"
#include "tools/render/status.h"
#include "tools/top/read_sites.h"
#include "tools/top/read_status.h"

namespace memwatch::top {
namespace {

std::string written_status() {
  daemon::Status status;
  status.version = "1.2";
  status.pid = 42;
  status.uptime = 7.5;
  status.not_recorded = 3;
  daemon::ProcessStatus process;
  process.pid = 7;
  process.start_ticks = 123456;
  process.name = "server";
  process.command = {"server", "--quick\x1b"};
  process.mode = model::Mode::exact;
  process.live_bytes = (1ULL << 60) + 1;
  process.rss = 5;
  process.totals.allocations = 6;
  process.dropped = 2;
  process.was_joined = true;
  status.processes.push_back(process);
  process.source = daemon::Source::elsewhere;
  process.collector = 99;
  status.processes.push_back(process);
  process.source = daemon::Source::polled;
  process.is_running = false;
  status.processes.push_back(process);
  render::StringOutput output;
  render::write_status_json(status, output);
  return output.text();
}

TEST(ReadStatus, ReadsWhatTheDaemonWrites) {
  const Result<daemon::Status> status = read_status(written_status());
  ASSERT_TRUE(status) << status.error().to_line();
  EXPECT_EQ(status->version, "1.2");
  EXPECT_EQ(status->pid, 42);
  EXPECT_EQ(status->uptime, 7.5);
  EXPECT_EQ(status->not_recorded, 3U);
  ASSERT_EQ(status->processes.size(), 3U);
  const daemon::ProcessStatus& process = status->processes[0];
  EXPECT_EQ(process.pid, 7);
  EXPECT_EQ(process.start_ticks, 123456U);
  EXPECT_EQ(process.command, (std::vector<std::string>{"server", "--quick\x1b"}));
  EXPECT_EQ(process.mode, model::Mode::exact);
  EXPECT_EQ(process.live_bytes, (1ULL << 60) + 1);
  EXPECT_EQ(process.totals.allocations, 6U);
  EXPECT_EQ(process.dropped, 2U);
  EXPECT_TRUE(process.was_joined);
  EXPECT_EQ(status->processes[1].collector, 99);
  EXPECT_EQ(status->processes[2].source, daemon::Source::polled);
  EXPECT_FALSE(status->processes[2].is_running);
}

TEST(ReadStatus, WhatIsCutOffOrAnythingElseIsDamaged) {
  const std::string whole = written_status();
  for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
    EXPECT_FALSE(read_status(whole.substr(0, length))) << length;
  }
  for (const char* text :
       {"", "[]", "7", "{}", R"({"schema": "memwatch.status/1", "processes": {}})",
        R"({"schema": "memwatch.status/2", "processes": []})"}) {
    const Result<daemon::Status> status = read_status(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().kind, ErrorKind::damaged);
  }
}

TEST(ReadStatus, NumbersThatMakeNoSenseAreZero) {
  const Result<daemon::Status> status = read_status(
      R"({"schema": "memwatch.status/1", "uptime": 1e999, "pid": -3, "processes": [7, null,
          {"pid": 99999999999, "command": [3, "x"], "rss": {"last": -1, "peak": "x"}, "heap": 3}]})");
  if (!status) return;  // a number beyond all bounds is no JSON for some versions of the library
  ASSERT_EQ(status->processes.size(), 1U);
  EXPECT_EQ(status->processes[0].pid, 0);
  EXPECT_EQ(status->processes[0].rss, 0U);
  EXPECT_EQ(status->processes[0].command, (std::vector<std::string>{"", "x"}));
}

TEST(ReadSites, ReadsSitesAndTheirStacks) {
  const Result<Sites> sites = read_sites(
      R"({"schema": "memwatch.consumers/1", "mode": "sample", "process": "server",
          "totals": {"live_bytes": 9, "active": 2},
          "consumers": [{"live_bytes": 5, "active": 1, "peak": 6, "allocated": 7, "calls": 8,
                         "stack": [{"function": "f", "file": null, "line": 3, "module": "/m"}, 4]},
                        "nothing"]})");
  ASSERT_TRUE(sites) << sites.error().to_line();
  EXPECT_EQ(sites->mode, "sample");
  EXPECT_EQ(sites->live_bytes, 9U);
  ASSERT_EQ(sites->all.size(), 1U);
  EXPECT_EQ(sites->all[0].peak_bytes, 6U);
  ASSERT_EQ(sites->all[0].stack.size(), 2U);
  EXPECT_EQ(sites->all[0].stack[0].function, "f");
  EXPECT_EQ(sites->all[0].stack[0].file, "");
  EXPECT_EQ(sites->all[0].stack[1].function, "");
  EXPECT_FALSE(read_sites("{}"));
}

}  // namespace
}  // namespace memwatch::top
