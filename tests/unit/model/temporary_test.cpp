// "Temporary: blocks freed by the same thread with no other allocation of that thread in between";
// frees in between do not matter, a realloc in between counts as an allocation, a block that was
// reallocated is not temporary.
#include <gtest/gtest.h>

#include "collector/model/live_process.h"

namespace memwatch::model {
namespace {

class Temporary : public testing::Test {
 protected:
  void allocate(std::uint32_t thread, std::uint64_t address) {
    process_.allocated(Function::malloc_, address, 8, {1, thread, 0});
  }
  void free(std::uint32_t thread, std::uint64_t address) {
    process_.freed(Function::free_, address, {kNone, thread, 0});
  }
  void reallocate(std::uint32_t thread, std::uint64_t from, std::uint64_t to) {
    const auto old = process_.release_for_reallocation(from);
    process_.reallocated(old, Function::realloc_, to, 8, {1, thread, 0});
  }
  [[nodiscard]] std::uint64_t count() const { return process_.facts.totals.temporary; }

  LiveProcess process_{~0ULL};
  std::uint32_t one_ = process_.thread_row(101, "one");
  std::uint32_t two_ = process_.thread_row(102, "two");
  static constexpr std::uint64_t kA = 0x1000, kB = 0x2000, kC = 0x3000;
};

TEST_F(Temporary, FreedAtOnceByItsOwnThread) {
  allocate(one_, kA);
  free(one_, kA);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(process_.facts.threads[one_].temporary, 1U);
  EXPECT_EQ(process_.facts.threads[two_].temporary, 0U);
  EXPECT_EQ(process_.facts.sites[0].temporary, 1U);
}

TEST_F(Temporary, FreesInBetweenDoNotMatter) {
  allocate(one_, kA);
  allocate(one_, kB);
  free(one_, kA);
  free(one_, kB);
  EXPECT_EQ(count(), 1U);  // B alone: A saw B's allocation
}

TEST_F(Temporary, AnotherAllocationInBetweenMakesItOrdinary) {
  allocate(one_, kA);
  allocate(one_, kB);
  free(one_, kA);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Temporary, AnotherThreadsAllocationsDoNotMatter) {
  allocate(one_, kA);
  allocate(two_, kB);
  free(one_, kA);
  free(two_, kB);
  EXPECT_EQ(count(), 2U);
}

TEST_F(Temporary, NotWhenAnotherThreadFreesIt) {
  allocate(one_, kA);
  free(two_, kA);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Temporary, NotWhenTheAddressBelongsToSomebodyElseByNow) {
  allocate(one_, kA);
  free(two_, kA);
  allocate(two_, kA);  // the same address, another thread's block
  free(one_, kA);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Temporary, EachOfASeriesAtTheSameAddressCounts) {
  for (int i = 0; i < 5; ++i) {
    allocate(one_, kA);
    free(one_, kA);
  }
  EXPECT_EQ(count(), 5U);
}

TEST_F(Temporary, AReallocationInBetweenCountsAsAnAllocation) {
  allocate(one_, kB);
  allocate(one_, kA);
  reallocate(one_, kB, kC);
  free(one_, kA);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Temporary, AReallocatedBlockIsNotTemporary) {
  allocate(one_, kA);
  reallocate(one_, kA, kA);
  free(one_, kA);
  allocate(one_, kA);
  reallocate(one_, kA, kB);
  free(one_, kB);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Temporary, NorOneThatAnotherThreadReallocatedInPlace) {
  allocate(one_, kA);
  reallocate(two_, kA, kA);
  free(one_, kA);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Temporary, AFailedAllocationInBetweenIsNoAllocation) {
  allocate(one_, kA);
  process_.failed(Function::malloc_, 1ULL << 60, 12, false, {1, one_, 0});
  free(one_, kA);
  EXPECT_EQ(count(), 1U);
}

TEST_F(Temporary, ABlockOfNoBytesCountsLikeAnyOther) {
  process_.allocated(Function::malloc_, kA, 0, {1, one_, 0});
  free(one_, kA);
  EXPECT_EQ(count(), 1U);
}

TEST_F(Temporary, ASecondFreeOfTheSameAddressIsUnmatchedOnly) {
  allocate(one_, kA);
  free(one_, kA);
  free(one_, kA);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(process_.facts.losses.unmatched_frees, 1U);
}

}  // namespace
}  // namespace memwatch::model
