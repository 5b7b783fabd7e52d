// LiveProcess against the contract's "What is counted".
#include <gtest/gtest.h>

#include <cerrno>
#include <numeric>

#include "collector/model/live_process.h"

namespace memwatch::model {
namespace {

class Counting : public testing::Test {
 protected:
  [[nodiscard]] const FunctionTotals& of(Function function) const {
    return process_.facts.functions[static_cast<std::size_t>(function)];
  }
  void reallocate(std::uint64_t from, std::uint64_t to, std::uint64_t size, StackId stack = 1) {
    const auto old = process_.release_for_reallocation(from);
    process_.reallocated(old, Function::realloc_, to, size, {stack, thread_, 0});
  }
  void expect_balance() const {
    const Process& facts = process_.facts;
    EXPECT_EQ(facts.heap.live_bytes, facts.totals.allocated_bytes - facts.totals.freed_bytes);
    std::uint64_t live = 0, allocations = 0, reallocations = 0, allocated = 0;
    for (const Site& site : facts.sites) {
      live += site.live_bytes;
      allocations += site.allocations;
      reallocations += site.reallocations;
      allocated += site.allocated_bytes;
    }
    EXPECT_EQ(live, facts.heap.live_bytes);
    EXPECT_EQ(allocations, facts.totals.allocations);
    EXPECT_EQ(reallocations, facts.totals.reallocations);
    EXPECT_EQ(allocated, facts.totals.allocated_bytes);
  }

  LiveProcess process_{1000};
  const std::uint32_t thread_ = process_.thread_row(11, "main");
  const EventContext here_{1, thread_, 0.5};
};

TEST_F(Counting, AnAllocationOfNoBytesIsAnAllocation) {
  process_.allocated(Function::malloc_, 0x10, 0, here_);
  EXPECT_EQ(process_.facts.totals.allocations, 1U);
  EXPECT_EQ(process_.facts.heap.live_blocks, 1U);
  EXPECT_EQ(process_.facts.sizes[0].allocations, 1U);
  process_.freed(Function::free_, 0x10, here_);
  EXPECT_EQ(process_.facts.totals.frees, 1U);
  EXPECT_EQ(process_.facts.heap.live_blocks, 0U);
  expect_balance();
}

TEST_F(Counting, EachCallUnderItsOwnName) {
  process_.allocated(Function::operator_new, 0x10, 40, here_);
  process_.freed(Function::operator_delete, 0x10, here_);
  EXPECT_EQ(of(Function::operator_new).calls, 1U);
  EXPECT_EQ(of(Function::operator_new).bytes, 40U);
  EXPECT_EQ(of(Function::operator_delete).calls, 1U);
  EXPECT_EQ(of(Function::malloc_).calls, 0U);
}

TEST_F(Counting, AReallocationIsNeitherAllocationNorFree) {
  process_.allocated(Function::malloc_, 0x10, 100, here_);
  reallocate(0x10, 0x20, 300, 2);
  const Totals& totals = process_.facts.totals;
  EXPECT_EQ(totals.allocations, 1U);
  EXPECT_EQ(totals.frees, 0U);
  EXPECT_EQ(totals.reallocations, 1U);
  EXPECT_EQ(totals.allocated_bytes, 400U);
  EXPECT_EQ(totals.freed_bytes, 100U);
  EXPECT_EQ(of(Function::realloc_).calls, 1U);
  EXPECT_EQ(of(Function::realloc_).bytes, 300U);
  expect_balance();
}

TEST_F(Counting, ABlockBelongsToTheStackThatReallocatedItLast) {
  process_.allocated(Function::malloc_, 0x10, 100, {1, thread_, 0});
  reallocate(0x10, 0x10, 70, 2);
  EXPECT_EQ(process_.facts.sites[0].live_bytes, 0U);
  EXPECT_EQ(process_.facts.sites[0].allocations, 1U);
  EXPECT_EQ(process_.facts.sites[1].live_bytes, 70U);
  EXPECT_EQ(process_.facts.sites[1].reallocations, 1U);
  EXPECT_EQ(process_.facts.sites[1].allocations, 0U);
  expect_balance();
}

TEST_F(Counting, AReallocationOfAnUnknownBlockBringsTheNewOneAndIsUnmatched) {
  reallocate(0x10, 0x20, 64);
  EXPECT_EQ(process_.facts.losses.unmatched_frees, 1U);
  EXPECT_EQ(process_.facts.totals.reallocations, 1U);
  EXPECT_EQ(process_.facts.heap.live_bytes, 64U);
  expect_balance();
}

TEST_F(Counting, InAForkedChildUnknownBlocksAreInheritedNotUnmatched) {
  process_.set_inherits_blocks(true);
  process_.freed(Function::free_, 0x10, here_);
  reallocate(0x20, 0x30, 64);
  EXPECT_EQ(process_.facts.totals.inherited_frees, 2U);
  EXPECT_EQ(process_.facts.losses.unmatched_frees, 0U);
  EXPECT_TRUE(process_.facts.losses.exact);
  EXPECT_EQ(process_.facts.totals.frees, 0U);
  EXPECT_EQ(of(Function::free_).calls, 1U);
  expect_balance();
}

TEST_F(Counting, AFreeOfNobodysBlockIsUnmatchedAndFreesNothing) {
  process_.freed(Function::free_, 0x10, here_);
  EXPECT_EQ(process_.facts.losses.unmatched_frees, 1U);
  EXPECT_EQ(process_.facts.totals.frees, 0U);
  EXPECT_EQ(process_.facts.threads[thread_].frees, 0U);
}

TEST_F(Counting, AnAllocationOnALiveBlockMeansAFreeWentPastUs) {
  process_.allocated(Function::malloc_, 0x10, 100, here_);
  process_.allocated(Function::malloc_, 0x10, 30, here_);
  EXPECT_EQ(process_.facts.heap.live_blocks, 1U);
  EXPECT_EQ(process_.facts.heap.live_bytes, 30U);
  EXPECT_EQ(process_.facts.losses.dropped_frees, 1U);
  EXPECT_FALSE(process_.facts.losses.exact);
  process_.allocated(Function::malloc_, 0x20, 5, here_);
  reallocate(0x20, 0x10, 7);
  EXPECT_EQ(process_.facts.losses.dropped_frees, 2U);
  EXPECT_EQ(process_.facts.heap.live_bytes, 7U);
  expect_balance();
}

TEST_F(Counting, ASampleOnALiveSampleMeansAFreeWentPastUs) {
  process_.sampled(Function::malloc_, 0x10, 100, 400, false, here_);
  const std::uint64_t stood_for = process_.facts.heap.live_bytes;
  process_.sampled(Function::malloc_, 0x10, 7, 0, false, here_);
  EXPECT_EQ(process_.facts.losses.dropped_frees, 1U);
  EXPECT_EQ(process_.facts.totals.freed_bytes, stood_for);
  EXPECT_EQ(process_.facts.totals.frees, process_.facts.totals.allocations - 1);
  EXPECT_EQ(process_.facts.heap.live_bytes, 7U);
  expect_balance();
}

TEST_F(Counting, AReallocationWhoseNewBlockIsNeverToldHasFreedTheOldOne) {
  process_.allocated(Function::malloc_, 0x10, 40, here_);
  process_.reallocation_lost(process_.release_for_reallocation(0x10));
  process_.reallocation_lost(process_.release_for_reallocation(0x20));  // nobody's
  EXPECT_EQ(process_.facts.totals.frees, 1U);
  EXPECT_EQ(process_.facts.heap.live_blocks, 0U);
  expect_balance();
}

TEST_F(Counting, FailuresOfOneKindAreOneRow) {
  std::uint64_t told = 0;
  process_.on_failure = [&](const Failure& failure) { told += failure.count > 0 ? 1U : 0U; };
  unsigned asked = 0;
  process_.situation = [&] {
    ++asked;
    return MemorySituation{123, 0, 0, 0};
  };
  process_.failed(Function::malloc_, 77, ENOMEM, false, {4, thread_, 1.5});
  process_.failed(Function::malloc_, 77, ENOMEM, false, {4, thread_, 2.5});
  process_.failed(Function::malloc_, 78, ENOMEM, false, {4, thread_, 3.5});
  process_.failed(Function::malloc_, 77, EINVAL, false, {4, thread_, 4.5});
  process_.failed(Function::malloc_, 77, ENOMEM, true, {4, thread_, 5.5});
  process_.failed(Function::malloc_, 77, ENOMEM, false, {5, thread_, 6.5});
  process_.failed(Function::mmap_, 77, ENOMEM, false, {4, thread_, 7.5});
  const Process& facts = process_.facts;
  ASSERT_EQ(facts.failures.size(), 6U);
  EXPECT_EQ(facts.failures[0].count, 2U);
  EXPECT_DOUBLE_EQ(facts.failures[0].first_at, 1.5);
  EXPECT_EQ(facts.failures[0].situation.rss, 123U);
  EXPECT_TRUE(facts.failures[3].injected);
  EXPECT_EQ(told, 7U);
  EXPECT_EQ(asked, 6U);
  const std::uint64_t rows = std::accumulate(
      facts.failures.begin(), facts.failures.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Failure& failure) { return sum + failure.count; });
  EXPECT_EQ(rows, facts.totals.failed);
  EXPECT_EQ(of(Function::malloc_).failed + of(Function::mmap_).failed, facts.totals.failed);
  EXPECT_EQ(of(Function::malloc_).calls, 6U);
  EXPECT_EQ(of(Function::malloc_).bytes, 0U);
  EXPECT_EQ(facts.threads[thread_].failed, 7U);
}

TEST_F(Counting, LargeIsTheThresholdAndAbove) {
  unsigned told = 0;
  process_.on_large = [&](const LargeAllocation&) { ++told; };
  process_.allocated(Function::malloc_, 0x10, 999, here_);
  process_.allocated(Function::calloc_, 0x20, 1000, here_);
  reallocate(0x10, 0x30, 5000);
  const Process& facts = process_.facts;
  ASSERT_EQ(facts.large.size(), 2U);
  EXPECT_EQ(facts.totals.large, 2U);
  EXPECT_EQ(told, 2U);
  EXPECT_EQ(facts.large[0].function, Function::calloc_);
  EXPECT_EQ(facts.large[0].requested, 1000U);
  EXPECT_EQ(facts.large[0].address, 0x20U);
  EXPECT_EQ(facts.large[0].tid, 11U);
  EXPECT_EQ(facts.large[0].stack, 1U);
  EXPECT_DOUBLE_EQ(facts.large[0].at, 0.5);
}

TEST_F(Counting, LargeAllocationsBeyondTheListAreStillCounted) {
  for (std::uint64_t i = 1; i <= kMaxLargeEvents + 5; ++i) {
    process_.allocated(Function::malloc_, i * 16, 2000, here_);
  }
  EXPECT_EQ(process_.facts.large.size(), kMaxLargeEvents);
  EXPECT_EQ(process_.facts.totals.large, kMaxLargeEvents + 5);
}

TEST_F(Counting, ALargeAllocationFromBeforeTheRecordingIsToldButNotFollowed) {
  process_.noted_large(Function::malloc_, 0x10, 4000, here_);
  EXPECT_EQ(process_.facts.totals.large, 1U);
  EXPECT_EQ(process_.facts.totals.allocations, 0U);
  EXPECT_EQ(process_.facts.heap.live_blocks, 0U);
}

TEST_F(Counting, SizesFallIntoTheBucketOfTheirPowerOfTwo) {
  std::uint64_t address = 16;
  for (const std::uint64_t size : {0ULL, 1ULL, 2ULL, 3ULL, 4ULL, 1ULL << 40, ~0ULL >> 1}) {
    process_.allocated(Function::malloc_, address += 16, size, here_);
  }
  const auto& sizes = process_.facts.sizes;
  EXPECT_EQ(sizes[0].allocations, 1U);
  EXPECT_EQ(sizes[1].allocations, 1U);
  EXPECT_EQ(sizes[2].allocations, 2U);
  EXPECT_EQ(sizes[2].bytes, 5U);
  EXPECT_EQ(sizes[3].allocations, 1U);
  EXPECT_EQ(sizes[41].bytes, 1ULL << 40);
  EXPECT_EQ(sizes[63].allocations, 1U);
}

TEST_F(Counting, TheSizeOfAllSizesHasABucketToo) {
  process_.allocated(Function::malloc_, 0x10, ~0ULL, here_);
  EXPECT_EQ(process_.facts.sizes[64].allocations, 1U);
}

TEST_F(Counting, BytesAreFreedByTheThreadThatFrees) {
  const std::uint32_t other = process_.thread_row(12, "other");
  process_.allocated(Function::malloc_, 0x10, 100, here_);
  process_.freed(Function::free_, 0x10, {kNone, other, 0});
  EXPECT_EQ(process_.facts.threads[thread_].freed_bytes, 0U);
  EXPECT_EQ(process_.facts.threads[other].freed_bytes, 100U);
  EXPECT_EQ(process_.facts.threads[other].frees, 1U);
}

TEST_F(Counting, AThreadKeepsItsRowAndItsLastName) {
  EXPECT_EQ(process_.thread_row(11, {}), thread_);
  EXPECT_EQ(process_.facts.threads[thread_].name, "main");
  EXPECT_EQ(process_.thread_row(11, "renamed"), thread_);
  EXPECT_EQ(process_.facts.threads[thread_].name, "renamed");
}

TEST_F(Counting, ThreadsBeyondTheLimitShareOneRow) {
  for (std::uint32_t tid = 100; tid < 100 + 2 * kMaxThreadRows; ++tid) {
    const std::uint32_t row = process_.thread_row(tid, {});
    process_.allocated(Function::malloc_, 16 * tid, 1, {1, row, 0});
  }
  const auto& threads = process_.facts.threads;
  EXPECT_EQ(threads.size(), kMaxThreadRows + 1);
  EXPECT_EQ(threads.back().tid, 0U);
  std::uint64_t sum = 0;
  for (const ThreadTotals& row : threads) sum += row.allocations;
  EXPECT_EQ(sum, process_.facts.totals.allocations);
  EXPECT_EQ(process_.thread_row(11, {}), thread_);

  // Each block is found again, with its thread: also that of the last row, whose number is the
  // largest that a live block has room for.
  for (std::uint32_t tid = 100; tid < 100 + 2 * kMaxThreadRows; ++tid) {
    process_.freed(Function::free_, 16 * tid, {kNone, process_.thread_row(tid, {}), 0});
  }
  EXPECT_EQ(process_.facts.heap.live_blocks, 0U);
  EXPECT_EQ(process_.facts.losses.unmatched_frees, 0U);
  EXPECT_EQ(threads.front().allocations, 0U);  // main's
  for (const ThreadTotals& row : threads) EXPECT_EQ(row.frees, row.allocations) << row.tid;
  EXPECT_EQ(threads.back().temporary, 1U);  // its last block
}

TEST_F(Counting, MappingsCountThePagesTheyReplace) {
  process_.mapped(Function::mmap_, 0x10000, 1);  // a page
  process_.mapped(Function::mmap64_, 0x20000, 0x3000);
  process_.mapped(Function::mmap_, 0x21000, 0x1000);  // MAP_FIXED in the middle
  const Totals& totals = process_.facts.totals;
  EXPECT_EQ(totals.maps, 3U);
  EXPECT_EQ(totals.mapped_bytes, 0x5000U);
  EXPECT_EQ(totals.unmapped_bytes, 0x1000U);
  EXPECT_EQ(totals.unmaps, 0U);
  EXPECT_EQ(process_.facts.mapped.live_bytes, 0x4000U);
  EXPECT_EQ(of(Function::mmap_).bytes, 0x2000U);
  EXPECT_EQ(of(Function::mmap64_).bytes, 0x3000U);
  process_.unmapped(0x20000, 0x1800, false);
  EXPECT_EQ(totals.unmaps, 1U);
  EXPECT_EQ(totals.unmapped_bytes, 0x3000U);
  EXPECT_EQ(process_.facts.mapped.live_bytes, 0x2000U);
  EXPECT_EQ(process_.facts.mapped.peak_bytes, 0x4000U);
}

TEST_F(Counting, AFailedUnmapIsACallAndNothingElse) {
  process_.mapped(Function::mmap_, 0x10000, 0x1000);
  process_.unmapped(0x10000, 0x1000, true);
  EXPECT_EQ(of(Function::munmap_).calls, 1U);
  EXPECT_EQ(process_.facts.totals.unmaps, 0U);
  EXPECT_EQ(process_.facts.totals.failed, 0U);
  EXPECT_EQ(process_.facts.mapped.live_bytes, 0x1000U);
}

TEST_F(Counting, ARemapMovesBytesAndIsNeitherMapNorUnmap) {
  process_.mapped(Function::mmap_, 0x10000, 0x2000);
  process_.release_for_remap(0x10000, 0x2000);
  process_.remapped(0x40000, 0x5000);
  const Totals& totals = process_.facts.totals;
  EXPECT_EQ(totals.maps, 1U);
  EXPECT_EQ(totals.unmaps, 0U);
  EXPECT_EQ(totals.mapped_bytes, 0x7000U);
  EXPECT_EQ(totals.unmapped_bytes, 0x2000U);
  EXPECT_EQ(of(Function::mremap_).calls, 1U);
  EXPECT_EQ(process_.facts.mapped.live_bytes, 0x5000U);
}

TEST_F(Counting, TheBreakAddsWhatItGrowsByAndNeverGoesBelowNothing) {
  process_.moved_break(Function::sbrk_, 0x1000, 0x1400);
  process_.moved_break(Function::brk_, 0x1400, 0x1100);
  EXPECT_EQ(process_.facts.totals.mapped_bytes, 0x400U);
  EXPECT_EQ(process_.facts.totals.unmapped_bytes, 0x300U);
  EXPECT_EQ(process_.facts.mapped.live_bytes, 0x100U);
  process_.moved_break(Function::brk_, 0x1100, 0x100);  // below where the recording found it
  EXPECT_EQ(process_.facts.mapped.live_bytes, 0U);
}

}  // namespace
}  // namespace memwatch::model
