// One ring, and two that have to wait for each other.
#include "collector/intake/tracked_process.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using intake_testing::SegmentBuilder;
using protocol::kMappingShard;
using protocol::pack_stack;
using protocol::RecordType;

class Tracked : public testing::Test {
 protected:
  void start(bool attaching = false) {
    process_.emplace(target_.take(), table_, "/usr/bin/program", 1ULL << 30, attaching);
  }
  [[nodiscard]] model::Process& facts() { return process_->live().facts; }
  void expect_nothing_lost() {
    process_->collect_losses();
    EXPECT_TRUE(facts().losses.exact);
    EXPECT_EQ(facts().losses.unmatched_frees, 0U);
    EXPECT_EQ(facts().losses.damaged_records, 0U);
  }
  // Has the collector read everything and said so?
  [[nodiscard]] bool all_consumed(std::uint32_t ring) {
    return target_.thread_slot(ring).consumed.load() == target_.tail(ring);
  }

  model::Session session_;
  model::StackTable table_{session_};
  SegmentBuilder target_;
  std::optional<TrackedProcess> process_;
  static constexpr std::uint64_t kA = 0x555500001000;
};

TEST_F(Tracked, AnEmptySegmentHasNothingToSay) {
  start();
  EXPECT_EQ(process_->drain(), 0U);
  process_->drain_to_end();
  EXPECT_TRUE(facts().threads.empty());
  expect_nothing_lost();
}

TEST_F(Tracked, SeesOnlyWhatIsPublished) {
  const std::uint32_t ring = target_.add_ring(7, false, "worker");
  target_.publish(ring);
  target_.allocate(ring, kA, 24);
  start();
  EXPECT_EQ(process_->drain(), 1U);
  EXPECT_EQ(facts().totals.allocations, 0U);
  ASSERT_EQ(facts().threads.size(), 1U);
  EXPECT_EQ(facts().threads[0].tid, 7U);
  EXPECT_EQ(facts().threads[0].name, "worker");
  target_.publish(ring);
  EXPECT_EQ(process_->drain(), 1U);
  EXPECT_EQ(facts().heap.live_bytes, 24U);
  EXPECT_TRUE(all_consumed(ring));
  expect_nothing_lost();
}

// A collector that reads on as long as there is something to read answers nobody meanwhile.
TEST_F(Tracked, ReturnsFromAProcessThatNeverStopsWriting) {
  const std::uint32_t rings[] = {target_.add_ring(7, false), target_.add_ring(8, false)};
  target_.allocate_long(rings[0], kA, 1ULL << 30);
  target_.publish_all();
  start();
  std::uint64_t written = 0;
  process_->live().on_large = [&](const model::LargeAllocation&) {
    const std::uint32_t other = rings[++written % 2];
    target_.free_long(other, kA);
    target_.allocate_long(other, kA, 1ULL << 30);
    target_.publish(other);
  };
  const std::uint64_t read = process_->drain();
  EXPECT_GE(read, 1U << 16);
  EXPECT_LE(read, 1U << 18);
  EXPECT_GT(process_->drain(), 0U) << "and goes on where it stopped";
  expect_nothing_lost();
}

TEST_F(Tracked, AppliesShortAndLongRecordsAlike) {
  const std::uint32_t ring = target_.add_ring(7, false);
  target_.allocate(ring, kA, 24);
  target_.allocate_long(ring, kA + 8, 1ULL << 33, 0, 0, Function::posix_memalign_);
  target_.free(ring, kA);
  target_.free_long(ring, kA + 8);
  target_.allocate(ring, kA, 10, 0, 0, Function::calloc_);
  target_.reallocate(ring, kA, kA + 32, 20);
  target_.free_long(ring, kA + 32, 0, Function::realloc_);  // realloc(p, 0)
  target_.publish(ring);
  start();
  process_->drain();
  const model::Totals& totals = facts().totals;
  EXPECT_EQ(totals.allocations, 3U);
  EXPECT_EQ(totals.frees, 3U);
  EXPECT_EQ(totals.reallocations, 1U);
  EXPECT_EQ(totals.large, 1U);
  EXPECT_EQ(facts().heap.live_blocks, 0U);
  EXPECT_EQ(facts().functions[static_cast<std::size_t>(Function::realloc_)].calls, 2U);
  expect_nothing_lost();
}

TEST_F(Tracked, GoesRoundTheRingManyTimes) {
  const std::uint32_t ring = target_.add_ring(7, false);
  start();
  for (unsigned lap = 0; lap < 1000; ++lap) {
    target_.allocate(ring, kA + lap * 16, 16);
    target_.allocate_long(ring, kA + lap * 16 + 8, 16);  // three slots, so laps end inside a record
    if (lap > 0) target_.free(ring, kA + (lap - 1) * 16);
    target_.publish(ring);
    if (lap % 100 == 0) process_->drain();
  }
  process_->drain();
  EXPECT_GT(target_.tail(ring), 4U * 1024);
  EXPECT_EQ(facts().totals.allocations, 2000U);
  EXPECT_EQ(facts().totals.frees, 999U);
  EXPECT_TRUE(all_consumed(ring));
  expect_nothing_lost();
}

TEST_F(Tracked, ATargetKilledMidRecordLeavesWhatItPublished) {
  const std::uint32_t ring = target_.add_ring(7, false);
  target_.allocate(ring, kA, 24);
  target_.publish(ring);
  target_.slot(ring, target_.tail(ring)) = {~0ULL, ~0ULL};  // begun, never published
  start();
  process_->drain_to_end();
  EXPECT_EQ(facts().heap.live_blocks, 1U);
  expect_nothing_lost();
}

TEST_F(Tracked, DatesEventsByTheEpochBeforeThem) {
  const std::uint32_t ring = target_.add_ring(7, false);
  target_.extended(ring, RecordType::epoch, {2500});
  target_.allocate(ring, kA, 24);
  target_.extended(ring, RecordType::failure,
                   {99, pack_stack(0, Function::malloc_), ENOMEM | (1ULL << 32)});
  target_.publish(ring);
  start();
  process_->drain();
  EXPECT_DOUBLE_EQ(facts().heap.peak_at, 2.5);
  ASSERT_EQ(facts().failures.size(), 1U);
  EXPECT_DOUBLE_EQ(facts().failures[0].first_at, 2.5);
  EXPECT_EQ(facts().failures[0].error_number, ENOMEM);
  EXPECT_TRUE(facts().failures[0].injected);
}

TEST_F(Tracked, ARingThatChangesItsOwnerCountsForTheNewThread) {
  const std::uint32_t ring = target_.add_ring(7, false, "first");
  target_.allocate(ring, kA, 1);
  target_.extended(ring, RecordType::thread, {8, 0, 0x72656874, 0});
  target_.allocate(ring, kA + 16, 2);
  target_.publish(ring);
  start();
  process_->drain();
  ASSERT_EQ(facts().threads.size(), 2U);
  EXPECT_EQ(facts().threads[0].allocated_bytes, 1U);
  EXPECT_EQ(facts().threads[1].tid, 8U);
  EXPECT_EQ(facts().threads[1].name, "ther");
  EXPECT_EQ(facts().threads[1].allocated_bytes, 2U);
}

TEST_F(Tracked, TellsForksAndChildrenInTheirOrder) {
  const std::uint32_t ring = target_.add_ring(7, false);
  target_.allocate(ring, kA, 1);
  target_.extended(ring, RecordType::fork, {77});
  target_.free(ring, kA);
  target_.extended(ring, RecordType::child, {4711, 9});
  target_.publish(ring);
  start();
  std::uint64_t token = 0, live_at_fork = 99;
  process_->on_fork = [&](std::uint64_t told) {
    token = told;
    live_at_fork = facts().heap.live_blocks;
  };
  std::uint32_t child = 0;
  int status = 0;
  process_->on_child = [&](std::uint32_t pid, int told) { child = pid, status = told; };
  process_->drain();
  EXPECT_EQ(token, 77U);
  EXPECT_EQ(live_at_fork, 1U);
  EXPECT_EQ(child, 4711U);
  EXPECT_EQ(status, 9);
}

TEST_F(Tracked, FollowsPagesThroughTheirOneShard) {
  const std::uint32_t first = target_.add_ring(7, true);
  const std::uint32_t second = target_.add_ring(8, true);
  const std::uint64_t map = pack_stack(0, Function::mmap_);
  const std::uint64_t remap = pack_stack(0, Function::mremap_);
  const std::uint64_t unmap = pack_stack(0, Function::munmap_);
  const std::uint64_t brk = pack_stack(0, Function::brk_);
  // mmap #0 by the second, mremap #1 … #3 by the first, whose old pages the second maps in between.
  target_.extended(first, RecordType::remap,
                   {0x10000, 0x2000, 0x40000, 0x3000, remap, 1 | (3ULL << 32), 0});
  target_.extended(first, RecordType::unmap, {0x40000, 0x1000, unmap, 4, 0});
  target_.extended(first, RecordType::unmap, {0x40000, 0x1000, unmap, 5, 1});
  target_.extended(second, RecordType::map, {0x10000, 0x2000, map, 0});
  target_.extended(second, RecordType::map, {0x10000, 0x1000, map, 2});
  target_.extended(second, RecordType::brk, {0x1000, 0x1400, brk, 6});
  target_.publish_all();
  start();
  process_->drain();
  EXPECT_EQ(facts().mapped.live_bytes, 0x1000U + 0x2000U + 0x400U);
  EXPECT_EQ(facts().totals.maps, 2U);
  EXPECT_EQ(facts().totals.unmaps, 1U);
  EXPECT_EQ(facts().totals.mapped_bytes, 0x6400U);
  EXPECT_EQ(facts().totals.unmapped_bytes, 0x3000U);
  EXPECT_TRUE(all_consumed(first) && all_consumed(second));
  expect_nothing_lost();
}

// The protocol's worked example: A allocates P (#0), B frees it (#1), A is given it again (#2).
class HandedOver : public Tracked, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(WhicheverRingIsReadFirst, HandedOver, testing::Bool());

TEST_P(HandedOver, TheFreeWaitsForTheAllocation) {
  const std::uint32_t one = target_.add_ring(7, true);
  const std::uint32_t two = target_.add_ring(8, true);
  const std::uint32_t a = GetParam() ? one : two;
  const std::uint32_t b = GetParam() ? two : one;
  target_.allocate(a, kA, 100, 0);
  target_.allocate(a, kA, 60, 2);
  target_.free(b, kA, 1);
  start();
  target_.publish(b);  // B's record is seen long before A's
  process_->drain();
  EXPECT_EQ(facts().totals.frees, 0U);
  EXPECT_FALSE(all_consumed(b));
  target_.publish(a);
  process_->drain();
  EXPECT_EQ(facts().totals.allocations, 2U);
  EXPECT_EQ(facts().totals.frees, 1U);
  EXPECT_EQ(facts().heap.live_bytes, 60U);
  EXPECT_TRUE(all_consumed(a) && all_consumed(b));
  expect_nothing_lost();
}

// Both threads reallocate; each is given the block the other has just let go.
TEST_P(HandedOver, ReallocationsThatCrossWaitForEachOthersFirstHalf) {
  const std::uint64_t other = kA + 0x100;
  const bool same_shard = protocol::shard_of(kA) == protocol::shard_of(other);
  ASSERT_FALSE(same_shard);
  const std::uint32_t one = target_.add_ring(7, true);
  const std::uint32_t two = target_.add_ring(8, true);
  const std::uint32_t a = GetParam() ? one : two;
  const std::uint32_t b = GetParam() ? two : one;
  target_.allocate(a, kA, 10, 0);
  target_.allocate(b, other, 20, 0);
  target_.reallocate(a, kA, other, 30, 1, 2);  // waits for the other block to be let go (#1)
  target_.reallocate(b, other, kA, 40, 1, 2);
  target_.publish_all();
  start();
  process_->drain();
  EXPECT_EQ(facts().totals.reallocations, 2U);
  EXPECT_EQ(facts().heap.live_blocks, 2U);
  EXPECT_EQ(facts().heap.live_bytes, 70U);
  EXPECT_EQ(facts().heap.peak_bytes, 70U);
  EXPECT_TRUE(all_consumed(a) && all_consumed(b));
  expect_nothing_lost();
}

TEST_F(Tracked, SequencesGoOnAfterTheyWrap) {
  SegmentBuilder& target = target_;
  const std::uint32_t shard = protocol::shard_of(kA);
  target.shard(shard).next.store(protocol::kSequenceMask);  // 2^23 − 1 events so far
  const std::uint32_t a = target.add_ring(7, true);
  const std::uint32_t b = target.add_ring(8, true);
  start(true);
  target.free(b, kA, 0);
  target.allocate(a, kA, 100, protocol::kSequenceMask);
  target.publish_all();
  process_->drain();
  EXPECT_EQ(facts().totals.allocations, 1U);
  EXPECT_EQ(facts().totals.frees, 1U);
  expect_nothing_lost();
}

TEST_F(Tracked, AFailedReallocationTakesTheNumberOfTheBlockItLeavesAlone) {
  const std::uint32_t a = target_.add_ring(7, true);
  const std::uint32_t b = target_.add_ring(8, true);
  target_.allocate(a, kA, 100, 0);
  target_.free(a, kA, 2);
  target_.extended(b, RecordType::failure,
                   {1ULL << 62, pack_stack(0, Function::realloc_), ENOMEM, kA, 1});
  target_.publish_all();
  start();
  process_->drain();
  EXPECT_EQ(facts().totals.failed, 1U);
  EXPECT_EQ(facts().totals.frees, 1U);
  EXPECT_TRUE(all_consumed(a) && all_consumed(b));
  expect_nothing_lost();
}

TEST_F(Tracked, TheFirstRingSwitchesToNumbersInItsMiddle) {
  const std::uint32_t first = target_.add_ring(7, false);
  target_.allocate(first, kA, 1);
  target_.free(first, kA);
  target_.extended(first, RecordType::sequenced, {});
  target_.allocate(first, kA, 2, 1);
  const std::uint32_t second = target_.add_ring(8, true);
  target_.allocate(second, kA + 0x4000, 5, 0);
  const bool same = protocol::shard_of(kA) == protocol::shard_of(kA + 0x4000);
  ASSERT_FALSE(same);
  start();
  target_.publish(first);
  process_->drain();
  EXPECT_EQ(facts().totals.allocations, 1U);  // #1 waits for #0
  target_.allocate(second, kA, 3, 0);
  target_.free(second, kA, 1);
  target_.publish(second);
  process_->drain_to_end();
  EXPECT_EQ(facts().totals.allocations, 4U);
}

TEST_F(Tracked, ANumberTakenByADeadThreadIsSteppedOverAtTheEnd) {
  const std::uint32_t a = target_.add_ring(7, true);
  const std::uint32_t b = target_.add_ring(8, true);
  target_.allocate(a, kA, 100, 0);
  target_.free(a, kA, 3);  // #1 and #2 were never told
  target_.allocate(b, kA, 50, 4);
  target_.publish_all();
  start();
  process_->drain();
  EXPECT_EQ(facts().totals.frees, 0U);
  process_->drain_to_end();
  EXPECT_EQ(facts().totals.frees, 1U);
  EXPECT_EQ(facts().heap.live_bytes, 50U);
  EXPECT_TRUE(all_consumed(a) && all_consumed(b));
}

TEST_F(Tracked, AGapInTheNumbersOfPagesIsSteppedOverToo) {
  const std::uint32_t a = target_.add_ring(7, true);
  target_.extended(a, RecordType::map, {0x10000, 0x1000, pack_stack(0, Function::mmap_), 5});
  target_.extended(
      a, RecordType::remap,
      {0x10000, 0x1000, 0x20000, 0x2000, pack_stack(0, Function::mremap_), 8 | (11ULL << 32), 0});
  target_.publish(a);
  start();
  process_->drain_to_end();
  EXPECT_EQ(facts().mapped.live_bytes, 0x2000U);
  EXPECT_TRUE(all_consumed(a));
}

TEST_F(Tracked, WhileTheProcessLivesAGapIsBelievedOnlyAfterLongSilence) {
  const std::uint32_t a = target_.add_ring(7, true);
  target_.allocate(a, kA, 100, 1);
  target_.publish(a);
  start();
  for (int round = 0; round < 4000; ++round) process_->drain();
  EXPECT_EQ(facts().totals.allocations, 0U);
  for (int round = 0; round < 4000; ++round) process_->drain();
  EXPECT_EQ(facts().totals.allocations, 1U);
}

TEST_F(Tracked, AttachingPassesOverWhatTheRingsHeld) {
  const std::uint32_t ring = target_.add_ring(7, true, "old");
  target_.allocate(ring, kA, 100, 0);
  target_.shard(protocol::shard_of(kA)).next.store(1);
  target_.publish(ring);
  start(true);
  EXPECT_EQ(process_->drain(), 0U);
  EXPECT_TRUE(all_consumed(ring));
  target_.free(ring, kA, 1);
  target_.allocate(ring, kA, 30, 2);
  const std::uint32_t late = target_.add_ring(9, true, "late");
  target_.allocate(late, kA + 0x4000, 3, 0);
  target_.publish_all();
  process_->drain();
  EXPECT_EQ(facts().totals.allocations, 2U);
  EXPECT_EQ(facts().losses.unmatched_frees, 1U);  // of a block from before
  EXPECT_EQ(facts().heap.live_bytes, 33U);
}

TEST_F(Tracked, LossesAreTheTargetsOwnCounters) {
  const std::uint32_t ring = target_.add_ring(7, false);
  target_.thread_slot(ring).dropped_allocations.store(3);
  target_.thread_slot(ring).dropped_frees.store(2);
  target_.header().dropped_allocations.store(10);
  target_.header().dropped_frees.store(20);
  target_.header().truncated_stacks.store(5);
  target_.publish(ring);
  start();
  process_->drain();
  process_->collect_losses();
  EXPECT_EQ(facts().losses.dropped_allocations, 13U);
  EXPECT_EQ(facts().losses.dropped_frees, 22U);
  EXPECT_EQ(facts().losses.truncated_stacks, 5U);
  EXPECT_FALSE(facts().losses.exact);
}

TEST_F(Tracked, ATruncatedStackIsNoLossOfExactness) {
  target_.header().truncated_stacks.store(5);
  start();
  expect_nothing_lost();
}

TEST_F(Tracked, AnEventFromTheFlightRingIsToldButNotFollowed) {
  start();
  process_->apply_flight(Function::malloc_, 1ULL << 31, kA, 0, 7, 0, -2.0);
  process_->apply_flight(Function::mmap_, 1ULL << 50, 0, ENOMEM, 7, 0, -1.0);
  EXPECT_EQ(facts().totals.large, 1U);
  EXPECT_EQ(facts().totals.failed, 1U);
  EXPECT_EQ(facts().heap.live_blocks, 0U);
  EXPECT_DOUBLE_EQ(facts().failures[0].first_at, -1.0);
}

}  // namespace
}  // namespace memwatch::intake
