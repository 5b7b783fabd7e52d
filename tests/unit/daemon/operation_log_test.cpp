#include "collector/daemon/operation_log.h"

#include <gtest/gtest.h>

namespace memwatch::daemon {
namespace {

using history::Operation;
using history::OperationKind;

recording::Alert alert_of(std::uint64_t size, double at = 1) {
  recording::Alert alert;
  alert.size = size;
  alert.at = at;
  alert.tid = 9;
  alert.function = Function::malloc_;
  return alert;
}

TEST(OperationLog, IsTakenOnceWithTheTimeOfDay) {
  OperationLog log;
  const auto now = OperationLog::Clock::now();
  log.add({7, 1, "server"}, alert_of(5), OperationKind::large, now - std::chrono::seconds(10));
  log.add({7, 1, "server"}, alert_of(6, -3), OperationKind::failure, now);
  const std::vector<Operation> taken = log.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].function, "malloc");
  EXPECT_EQ(taken[0].size, 5U);
  EXPECT_EQ(taken[0].tid, 9U);
  EXPECT_FALSE(taken[0].is_remembered);
  EXPECT_TRUE(taken[1].is_remembered);
  EXPECT_NEAR(static_cast<double>(taken[1].time_ms - taken[0].time_ms), 10'000, 1000);
  EXPECT_TRUE(log.take().empty());
}

TEST(OperationLog, ManyAreCountedByProcessAndKind) {
  OperationLog log;
  const auto now = OperationLog::Clock::now();
  constexpr std::size_t kAll = OperationLog::kMost + 50;
  for (std::size_t i = 0; i < kAll; ++i) {
    log.add({7, 1, "server"}, alert_of(i), OperationKind::large, now);
  }
  log.add({8, 1, "other"}, alert_of(1), OperationKind::large, now);
  log.add({7, 1, "server"}, alert_of(2), OperationKind::release, now);
  log.add({7, 1, "server"}, alert_of(2), OperationKind::release, now);
  const std::vector<Operation> taken = log.take();
  ASSERT_EQ(taken.size(), OperationLog::kMost + 2);
  EXPECT_EQ(taken[OperationLog::kMost - 1].more, 50U);
  EXPECT_EQ(taken[OperationLog::kMost].process.pid, 8);
  EXPECT_EQ(taken[OperationLog::kMost].more, 0U);
  EXPECT_EQ(taken[OperationLog::kMost + 1].more, 1U);
}

}  // namespace
}  // namespace memwatch::daemon
