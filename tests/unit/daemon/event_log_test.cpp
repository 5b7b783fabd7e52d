#include "collector/daemon/event_log.h"

#include <gtest/gtest.h>

namespace memwatch::daemon {
namespace {

using std::chrono::seconds;

Event event_of(std::uint64_t size) {
  Event event;
  event.size = size;
  return event;
}

TEST(EventLog, TellsTheLatestFirstWithItsAge) {
  EventLog log;
  const auto now = EventLog::Clock::now();
  log.add(event_of(1), now - seconds(10));
  log.add(event_of(2), now - seconds(1));
  log.add(event_of(3), now - seconds(60));  // from before its process was attached to
  const std::vector<Event> events = log.latest_first(now);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].size, 2U);
  EXPECT_EQ(events[1].size, 1U);
  EXPECT_EQ(events[2].size, 3U);
  EXPECT_DOUBLE_EQ(events[0].age, 1);
  EXPECT_EQ(events[2].id, 3U);
}

TEST(EventLog, KeepsABoundedNumberAndCountsAll) {
  EventLog log;
  const auto now = EventLog::Clock::now();
  for (std::uint64_t i = 0; i < EventLog::kMaxEvents + 50; ++i) log.add(event_of(i), now);
  const std::vector<Event> events = log.latest_first(now);
  ASSERT_EQ(events.size(), EventLog::kMaxEvents);
  EXPECT_EQ(events.front().size, EventLog::kMaxEvents + 49);
  EXPECT_EQ(events.back().size, 50U);
  EXPECT_EQ(log.seen(), EventLog::kMaxEvents + 50);
}

}  // namespace
}  // namespace memwatch::daemon
