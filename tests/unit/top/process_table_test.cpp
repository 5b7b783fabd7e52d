#include "tools/top/process_table.h"

#include <gtest/gtest.h>

namespace memwatch::top {
namespace {

daemon::ProcessStatus process(pid_t pid, const char* name, std::uint64_t heap,
                              std::uint64_t allocations) {
  daemon::ProcessStatus process;
  process.pid = pid;
  process.name = name;
  process.mode = model::Mode::exact;
  process.live_bytes = heap;
  process.rss = 1000 - heap;
  process.totals.allocations = allocations;
  return process;
}

daemon::Status status(double uptime, std::vector<daemon::ProcessStatus> processes, pid_t pid = 1) {
  daemon::Status status;
  status.pid = pid;
  status.uptime = uptime;
  status.processes = std::move(processes);
  return status;
}

std::vector<pid_t> pids(const ProcessTable& table) {
  std::vector<pid_t> pids;
  for (const Row& row : table.rows()) pids.push_back(row.process.pid);
  return pids;
}

TEST(ProcessTableTest, EachKeySortsAndAgainTheOtherWayRound) {
  ProcessTable table;
  table.update(status(1, {process(1, "b", 10, 0), process(2, "c", 30, 0), process(3, "a", 20, 0)}));
  EXPECT_EQ(pids(table), (std::vector<pid_t>{2, 3, 1}));
  table.sort_by(SortKey::rss);
  EXPECT_EQ(pids(table), (std::vector<pid_t>{1, 3, 2}));
  table.sort_by(SortKey::pid);
  EXPECT_EQ(pids(table), (std::vector<pid_t>{1, 2, 3}));
  table.sort_by(SortKey::name);
  EXPECT_EQ(pids(table), (std::vector<pid_t>{3, 1, 2}));
  table.sort_by(SortKey::name);
  EXPECT_EQ(pids(table), (std::vector<pid_t>{2, 1, 3}));
  table.sort_by(SortKey::heap);
  EXPECT_FALSE(table.is_reversed());
}

TEST(ProcessTableTest, ARateIsWhatCameBetweenTwoAnswersOfOneDaemon) {
  ProcessTable table;
  table.update(status(10, {process(1, "a", 0, 100)}));
  EXPECT_FALSE(table.rows()[0].rate);
  table.update(status(12, {process(1, "a", 0, 700), process(2, "b", 0, 5)}));
  table.sort_by(SortKey::rate);
  EXPECT_EQ(table.rows()[0].rate, 300.0);
  EXPECT_FALSE(table.rows()[1].rate);
  table.update(status(12, {process(1, "a", 0, 700)}));
  EXPECT_EQ(table.rows()[0].rate, 300.0) << "the same instant";
  table.update(status(1, {process(1, "a", 0, 800)}, 2));
  EXPECT_FALSE(table.rows()[0].rate) << "another daemon counts anew";
  table.update(status(2, {process(1, "a", 0, 10)}, 2));
  EXPECT_FALSE(table.rows()[0].rate) << "recorded anew";
  daemon::ProcessStatus polled = process(1, "a", 0, 0);
  polled.source = daemon::Source::polled;
  table.update(status(3, {polled}, 2));
  EXPECT_FALSE(table.rows()[0].rate);
}

TEST(ProcessTableTest, TheChoiceStaysWithItsProcessAndThenWithItsPlace) {
  ProcessTable table;
  EXPECT_EQ(table.chosen_row(), nullptr);
  table.move(1);
  table.update(status(1, {process(1, "a", 30, 0), process(2, "b", 20, 0), process(3, "c", 10, 0)}));
  table.move(1);
  EXPECT_EQ(table.chosen_row()->process.pid, 2);
  table.update(status(2, {process(1, "a", 30, 0), process(2, "b", 90, 0), process(3, "c", 10, 0)}));
  EXPECT_EQ(table.chosen_row()->process.pid, 2);
  EXPECT_EQ(table.chosen(), 0U);
  table.move(100);
  EXPECT_EQ(table.chosen_row()->process.pid, 3);
  daemon::ProcessStatus ended = process(3, "c", 10, 0);
  ended.is_running = false;
  table.update(status(3, {process(1, "a", 30, 0), process(2, "b", 90, 0), ended}));
  EXPECT_EQ(pids(table), (std::vector<pid_t>{2, 1}));
  EXPECT_EQ(table.chosen_row()->process.pid, 1);
  table.move(-100);
  EXPECT_EQ(table.chosen(), 0U);
}

}  // namespace
}  // namespace memwatch::top
