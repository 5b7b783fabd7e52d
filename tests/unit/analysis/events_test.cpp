#include <gtest/gtest.h>

#include <cerrno>

#include "collector/analysis/failures.h"
#include "collector/analysis/large.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

TEST(Failures, TheMostFrequentComesFirst) {
  model::Session session = testing::server_session();
  model::Failure failure;
  failure.function = Function::calloc_;
  failure.count = 5;
  session.processes[0].failures.push_back(failure);
  failure.function = Function::mmap_;
  failure.first_at = -1;
  session.processes[0].failures.push_back(failure);
  session.processes[0].totals.failed += 10;
  const FailureReport report = find_failures(Selection(session));
  ASSERT_EQ(report.rows.size(), 3U);
  EXPECT_EQ(report.rows[0].failure->function, Function::mmap_);
  EXPECT_EQ(report.rows[2].failure->count, 2U);
  EXPECT_EQ(report.total, report.selected);
}

TEST(Failures, InjectedOnesAreCountedApart) {
  model::Session session = testing::server_session();
  session.processes[0].failures[0].injected = true;
  EXPECT_EQ(find_failures(Selection(session)).injected, 2U);
}

TEST(Failures, ErrnosHaveTheirNames) {
  EXPECT_EQ(errno_name(ENOMEM), "ENOMEM");
  EXPECT_EQ(errno_name(EINVAL), "EINVAL");
  EXPECT_EQ(errno_name(0), "");
  EXPECT_EQ(errno_name(4711), "errno 4711");
}

TEST(Large, LargestFirst) {
  model::Session session = testing::server_session();
  session.processes[0].large.push_back({.requested = 3ULL << 30});
  const LargeReport report = find_large(Selection(session));
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows[0].allocation->requested, 3ULL << 30);
  EXPECT_EQ(report.threshold_bytes, 1ULL << 30);
}

}  // namespace
}  // namespace memwatch::analysis
