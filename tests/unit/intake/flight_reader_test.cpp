#include "collector/intake/flight_reader.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

class Flight : public testing::Test {
 protected:
  static constexpr double kStart = 10;  // seconds, two after the events

  // As the shim's flight recorder would note the event with this number.
  void note(std::uint64_t number, std::uint64_t size, std::uint32_t error) {
    protocol::FlightEntry& entry =
        target_.flight(static_cast<std::uint32_t>(number % target_.geometry().flight_entries));
    entry.size = size;
    entry.function = static_cast<std::uint32_t>(Function::malloc_);
    entry.error_number = error;
    entry.tid = 7;
    entry.address = 0x1000;
    entry.at_ms = 8000 + number;
    entry.ticket.store(number + 1);
    target_.header().flight_next.store(number + 1);
  }
  void replay() {
    process_.emplace(target_.take(), table_, "/p", 1000, true);
    replay_flight(process_->segment(), *process_, {0, kStart});
  }
  [[nodiscard]] const model::Process& facts() { return process_->live().facts; }

  model::Session session_;
  model::StackTable table_{session_};
  intake_testing::SegmentBuilder target_;
  std::optional<TrackedProcess> process_;
};

TEST_F(Flight, AnEmptyOneTellsNothing) {
  replay();
  EXPECT_EQ(facts().totals.large, 0U);
  EXPECT_EQ(facts().totals.failed, 0U);
}

TEST_F(Flight, EventsComeInTheOrderTheyHappenedBeforeTheStart) {
  note(0, 5000, 0);
  note(1, 6000, 0);
  note(2, 7, ENOMEM);
  replay();
  ASSERT_EQ(facts().large.size(), 2U);
  EXPECT_EQ(facts().large[0].requested, 5000U);
  EXPECT_EQ(facts().large[1].requested, 6000U);
  EXPECT_DOUBLE_EQ(facts().large[0].at, -2);
  EXPECT_DOUBLE_EQ(facts().large[1].at, -1.999);
  EXPECT_EQ(facts().large[0].tid, 7U);
  ASSERT_EQ(facts().failures.size(), 1U);
  EXPECT_EQ(facts().failures[0].error_number, ENOMEM);
  EXPECT_EQ(facts().heap.live_blocks, 0U);
}

TEST_F(Flight, AfterManyLapsTheLastOnesAreThere) {
  const std::uint64_t capacity = target_.geometry().flight_entries;
  for (std::uint64_t i = 0; i < 3 * capacity + 5; ++i) note(i, 1000 + i, 0);
  replay();
  ASSERT_EQ(facts().large.size(), capacity);
  for (std::uint64_t i = 0; i < capacity; ++i) {
    EXPECT_EQ(facts().large[i].requested, 1000 + 2 * capacity + 5 + i);
  }
}

TEST_F(Flight, ASecondLookTellsOnlyWhatIsNew) {
  process_.emplace(target_.take(), table_, "/p", 1000, true);
  note(0, 5000, 0);
  const std::uint64_t first = replay_flight(process_->segment(), *process_, {0, 10, false});
  EXPECT_EQ(facts().totals.large, 1U);
  EXPECT_EQ(replay_flight(process_->segment(), *process_, {first, 11, false}), first);
  EXPECT_EQ(facts().totals.large, 1U);
  note(1, 6000, 0);
  EXPECT_EQ(replay_flight(process_->segment(), *process_, {first, 12, false}), 2U);
  ASSERT_EQ(facts().large.size(), 2U);
  EXPECT_EQ(facts().large[1].requested, 6000U);
}

TEST_F(Flight, AnEntryThatIsBeingWrittenIsWaitedFor) {
  process_.emplace(target_.take(), table_, "/p", 1000, true);
  note(0, 5000, 0);
  note(1, 6000, 0);
  target_.flight(0).ticket.store(0);
  EXPECT_EQ(replay_flight(process_->segment(), *process_, {0, 0, false}), 0U);
  EXPECT_EQ(facts().totals.large, 0U);
  target_.flight(0).ticket.store(1);
  EXPECT_EQ(replay_flight(process_->segment(), *process_, {0, 0, false}), 2U);
  EXPECT_EQ(facts().totals.large, 2U);
}

TEST_F(Flight, EntriesThatWereOverwrittenBetweenTwoLooksHoldNothingUp) {
  process_.emplace(target_.take(), table_, "/p", 1000, true);
  const std::uint64_t capacity = target_.geometry().flight_entries;
  for (std::uint64_t i = 0; i < 2 * capacity; ++i) note(i, 5000, 0);
  EXPECT_EQ(replay_flight(process_->segment(), *process_, {0, 0, false}), 2 * capacity);
  EXPECT_EQ(facts().totals.large, capacity);
}

TEST_F(Flight, AnEntryThatIsBeingWrittenIsPassedOver) {
  note(0, 5000, 0);
  note(1, 6000, 0);
  target_.flight(0).ticket.store(0);
  replay();
  ASSERT_EQ(facts().large.size(), 1U);
  EXPECT_EQ(facts().large[0].requested, 6000U);
}

}  // namespace
}  // namespace memwatch::intake
