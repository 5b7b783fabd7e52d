#include "collector/daemon/event_log.h"

#include <gtest/gtest.h>

#include <algorithm>

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
  EXPECT_EQ(events[2].id, events[0].id + 1);
  EXPECT_GT(events[2].id, events[1].id) << "in the order they were told in";
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

TEST(EventLog, WhatAnEarlierDaemonToldGoesBeforeAndIsNotCounted) {
  EventLog log;
  const auto now = EventLog::Clock::now();
  log.add(event_of(5), now - seconds(1));
  log.restore({{event_of(1), now - seconds(30)}, {event_of(2), now - seconds(20)}});
  log.add(event_of(6), now);
  const std::vector<Event> events = log.latest_first(now);
  std::vector<std::uint64_t> sizes, ids;
  for (const Event& event : events) {
    sizes.push_back(event.size);
    ids.push_back(event.id);
  }
  EXPECT_EQ(sizes, (std::vector<std::uint64_t>{6, 5, 2, 1}));
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  EXPECT_GT(ids.back(), 0U);
  EXPECT_EQ(log.seen(), 2U);
}

TEST(EventLog, WhatAProcessRemembersStandsThereOnce) {
  EventLog log;
  const auto now = EventLog::Clock::now();
  const auto told = now - seconds(40), moved = told + std::chrono::milliseconds(3);
  log.add(event_of(1), moved);  // remembered, before the history has answered
  log.restore({{event_of(1), told}, {event_of(1), told}, {event_of(2), told}});
  ASSERT_EQ(log.latest_first(now).size(), 3U) << "of two alike one was told again";
  log.add(event_of(2), moved);  // remembered, and told later
  ASSERT_EQ(log.latest_first(now).size(), 3U);
  log.add(event_of(2), moved);
  EXPECT_EQ(log.latest_first(now).size(), 4U) << "that is another one";
  log.add(event_of(1), told + seconds(1));
  EXPECT_EQ(log.latest_first(now).size(), 5U) << "at another time";
}

TEST(EventLog, TheNewestStayWhereThereIsNoRoomForAll) {
  EventLog log;
  const auto now = EventLog::Clock::now();
  log.add(event_of(1), now);
  std::vector<EventLog::Earlier> earlier;
  for (std::uint64_t i = 0; i < 2 * EventLog::kMaxEvents; ++i) {
    earlier.push_back(
        {event_of(1000 + i), now - seconds(1000) + std::chrono::milliseconds(200 * i)});
  }
  log.restore(std::move(earlier));
  const std::vector<Event> events = log.latest_first(now);
  ASSERT_EQ(events.size(), EventLog::kMaxEvents);
  EXPECT_EQ(events[0].size, 1U);
  EXPECT_EQ(events[1].size, 1000 + 2 * EventLog::kMaxEvents - 1);
}

}  // namespace
}  // namespace memwatch::daemon
