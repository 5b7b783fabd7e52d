#include "preload/readable_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

namespace memwatch::preload {
namespace {

constexpr std::uintptr_t kPage = 4096;

// Four pages: readable, readable, readable, and one that nobody may touch.
class ReadableMemory : public testing::Test {
 protected:
  void SetUp() override {
    void* at = mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    start_ = reinterpret_cast<std::uintptr_t>(at);
    ASSERT_EQ(mprotect(reinterpret_cast<void*>(start_ + 3 * kPage), kPage, PROT_NONE), 0);
  }
  void TearDown() override { munmap(reinterpret_cast<void*>(start_), 4 * kPage); }

  std::uintptr_t start_ = 0;
  ReadableRange range_;
};

TEST_F(ReadableMemory, EndsAtTheLastReadablePage) {
  start_readable(range_, start_ + 100);
  EXPECT_TRUE(is_readable(range_, start_ + 104));
  EXPECT_TRUE(is_readable(range_, start_ + kPage));
  EXPECT_TRUE(is_readable(range_, start_ + 3 * kPage - 8));
  EXPECT_FALSE(is_readable(range_, start_ + 3 * kPage));
  EXPECT_FALSE(is_readable(range_, start_ + 3 * kPage + 8));
  EXPECT_EQ(range_.high, start_ + 3 * kPage);
}

TEST_F(ReadableMemory, AnUnmappedPageIsNotReadableEither) {
  munmap(reinterpret_cast<void*>(start_ + kPage), kPage);
  start_readable(range_, start_);
  EXPECT_FALSE(is_readable(range_, start_ + kPage));
  EXPECT_FALSE(is_readable(range_, start_ + 2 * kPage));  // beyond a hole is another stack
}

TEST_F(ReadableMemory, OnlyAlignedWordsAboveTheWalksStart) {
  start_readable(range_, start_ + kPage);
  EXPECT_FALSE(is_readable(range_, start_));
  EXPECT_FALSE(is_readable(range_, start_ + kPage + 4));
  EXPECT_TRUE(is_readable(range_, start_ + kPage + 8));
}

TEST_F(ReadableMemory, AddressesFarAwayAreRefusedWithoutASearch) {
  start_readable(range_, start_);
  EXPECT_FALSE(is_readable(range_, start_ + (1ULL << 40)));
  EXPECT_FALSE(is_readable(range_, 0));
  EXPECT_EQ(range_.high, start_ + kPage);
}

TEST_F(ReadableMemory, AStackThatGrewDownJoinsWhatWasKnown) {
  start_readable(range_, start_ + 2 * kPage);
  start_readable(range_, start_ + 8);
  EXPECT_EQ(range_.low, start_);
  EXPECT_EQ(range_.high, start_ + 3 * kPage);
}

TEST_F(ReadableMemory, ADifferentStackStartsAfresh) {
  start_readable(range_, start_);
  alignas(8) std::uint64_t other = 0;
  const auto there = reinterpret_cast<std::uintptr_t>(&other);
  start_readable(range_, there);
  EXPECT_TRUE(is_readable(range_, there));
  EXPECT_FALSE(is_readable(range_, start_));
}

TEST_F(ReadableMemory, LookingAheadStopsWhereMemoryDoes) {
  look_at_stack(range_, start_ + kPage, kPage);
  EXPECT_EQ(range_.high, start_ + 3 * kPage);
  EXPECT_LE(range_.low, start_);
}

}  // namespace
}  // namespace memwatch::preload
