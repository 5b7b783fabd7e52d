// Records whose order hangs on numbers that come late, by halves, or from threads nobody knows yet.
#include <gtest/gtest.h>

#include <optional>

#include "collector/intake/tracked_process.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

constexpr std::uint64_t kBlock = 0x555500001000;

class LateNumbers : public testing::Test {
 protected:
  void start() { process_.emplace(builder_.take(), table_, "/p", ~0ULL, false); }
  model::Process& facts() { return process_->live().facts; }

  model::Session session_;
  model::StackTable table_{session_};
  intake_testing::SegmentBuilder builder_;
  std::optional<TrackedProcess> process_;
};

TEST_F(LateNumbers, HalfAReallocationIsProgressForARingThatWaits) {
  const auto first = builder_.add_ring(1, true);
  const auto second = builder_.add_ring(2, true);
  builder_.publish_all();
  start();
  process_->drain();
  builder_.allocate(second, kBlock, 10, 0);
  builder_.publish(second);
  process_->drain();
  // second: realloc begins (#1); first: is given the block (#2) and frees it (#3); second: the same
  // block comes back from realloc (#4).
  builder_.reallocate(second, kBlock, kBlock, 20, 1, 4);
  builder_.allocate(first, kBlock, 30, 2);
  builder_.free(first, kBlock, 3);
  builder_.publish_all();
  process_->drain_to_end();
  process_->collect_losses();
  EXPECT_EQ(facts().totals.allocations, 2U);
  EXPECT_EQ(facts().heap.live_bytes, 20U);
  EXPECT_EQ(facts().losses.damaged_records, 0U);
  EXPECT_TRUE(facts().losses.exact);
}

TEST_F(LateNumbers, AShortRecordOfNoFunctionIsDamage) {
  const auto ring = builder_.add_ring(1, false);
  builder_.allocate(ring, kBlock, 5, 0, 0, static_cast<Function>(29));
  builder_.publish(ring);
  start();
  process_->drain();
  process_->collect_losses();
  EXPECT_EQ(facts().totals.allocations, 0U);
  EXPECT_EQ(facts().losses.damaged_records, 1U);
}

TEST_F(LateNumbers, ANumberGivenUpOnAndToldAfterAllHoldsNobodyUp) {
  const auto busy = builder_.add_ring(1, true);
  const auto stopped = builder_.add_ring(2, true);
  builder_.allocate(busy, kBlock, 10, 1);
  builder_.publish(busy);
  builder_.publish(stopped);
  start();
  for (int i = 0; i < 6000; ++i) process_->drain();
  EXPECT_EQ(facts().totals.allocations, 1U);
  std::uint64_t same_shard = kBlock + 16;
  while (protocol::shard_of(same_shard) != protocol::shard_of(kBlock)) same_shard += 16;
  builder_.allocate(stopped, same_shard, 20, 0);
  builder_.publish(stopped);
  std::uint32_t number = 2;
  for (int i = 0; i < 100; ++i) {
    builder_.free(busy, kBlock, number++);
    builder_.allocate(busy, kBlock, 10, number++);
    builder_.publish(busy);
    process_->drain();
  }
  EXPECT_EQ(builder_.thread_slot(stopped).consumed.load(), builder_.tail(stopped));
}

TEST_F(LateNumbers, AGapOfAnAbandonedHookIsBelievedSoonButOnlyOnce) {
  const auto ring = builder_.add_ring(1, true);
  builder_.header().hooks_abandoned.store(1);
  builder_.allocate(ring, kBlock, 10, 1);  // nobody will ever tell #0
  builder_.publish(ring);
  start();
  for (int i = 0; i < 200; ++i) process_->drain();
  EXPECT_EQ(facts().totals.allocations, 1U);
  builder_.free(ring, kBlock, 3);  // a thread that is late with #2 is waited for
  builder_.publish(ring);
  for (int i = 0; i < 200; ++i) process_->drain();
  EXPECT_EQ(facts().totals.frees, 0U);
}

TEST_F(LateNumbers, ThereIsNoRowForAThreadThatHasNotNamedItself) {
  const auto ring = builder_.add_ring(7, false);
  builder_.thread_slot(ring).owner_tid.store(0);
  start();
  process_->drain();
  builder_.thread_slot(ring).owner_tid.store(7);
  builder_.publish(ring);
  process_->drain();
  EXPECT_EQ(facts().threads.size(), 1U);
}

}  // namespace
}  // namespace memwatch::intake
