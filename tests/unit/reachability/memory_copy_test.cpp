#include "collector/reachability/memory_copy.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace memwatch::reachability {
namespace {

constexpr std::size_t kBytes = std::size_t{40} << 20;

// This process's own memory: a mapping whose upper half was never touched.
class MemoryCopyTest : public testing::Test {
 protected:
  MemoryCopyTest() {
    words_ = static_cast<std::uint64_t*>(
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    start_ = reinterpret_cast<std::uint64_t>(words_);
    for (std::size_t i = 0; i < kBytes / 16; ++i) words_[i] = i * 3;
  }
  ~MemoryCopyTest() override { munmap(words_, kBytes); }
  void SetUp() override {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP()
        << "a sanitizer's own memory is terabytes of mappings, all of which would be copied";
#endif
  }
  static ProcessMemory memory_now() {
    return {getpid(), -1, procfs::read_memory_maps(getpid())};
  }

  std::uint64_t* words_ = nullptr;
  std::uint64_t start_ = 0;
};

TEST_F(MemoryCopyTest, HoldsWhatWasThereWhenItWasTaken) {
  ProcessMemory process = memory_now();
  ASSERT_EQ(process.why_unreadable(), "");
  const auto copy = MemoryCopy::reserve(process, changeable_ranges(process.maps()));
  ASSERT_NE(copy, nullptr);
  ASSERT_TRUE(copy->take(process, changeable_ranges(process.maps())));
  EXPECT_EQ(copy->unreadable_bytes(), 0U);
  std::memset(words_, 0xff, kBytes / 2);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{1}, kBytes / 16 - 1, std::size_t{131072}}) {
    EXPECT_EQ(copy->word(start_ + 8 * at), at * 3) << at;
  }
  // Across the borders of what is copied at a time, in one piece.
  std::vector<std::uint64_t> many(kBytes / 16);
  EXPECT_EQ(copy->read(start_, many.data(), kBytes / 2), kBytes / 2);
  for (std::size_t i = 0; i < many.size(); ++i) ASSERT_EQ(many[i], i * 3);
}

TEST_F(MemoryCopyTest, SaysWhatIsThere) {
  ProcessMemory process = memory_now();
  const auto copy = MemoryCopy::reserve(process, changeable_ranges(process.maps()));
  ASSERT_TRUE(copy && copy->take(process, changeable_ranges(process.maps())));
  const Range all = copy->next_present(start_ + 8, start_ + kBytes);
  EXPECT_EQ(all.start, start_ + 8);
  EXPECT_GE(all.end, start_ + kBytes / 2);
  EXPECT_LT(all.end, start_ + kBytes) << "what was never touched is not there";
  const Range part = copy->next_present(start_, start_ + 100);
  EXPECT_EQ(part.end, start_ + 100);
  EXPECT_EQ(copy->next_present(0x1000, 0x2000).end, 0U);
  std::uint64_t word = 0;
  EXPECT_EQ(copy->read(start_ + kBytes - 8, &word, 8), 0U);
}

TEST_F(MemoryCopyTest, CodeIsReadFromTheProcess) {
  ProcessMemory process = memory_now();
  const auto copy = MemoryCopy::reserve(process, changeable_ranges(process.maps()));
  ASSERT_TRUE(copy && copy->take(process, changeable_ranges(process.maps())));
  std::uint64_t word = 0;
  const auto* const code = reinterpret_cast<const unsigned char*>(&getpid);
  ASSERT_EQ(copy->read(reinterpret_cast<std::uint64_t>(code), &word, 8), 8U);
  EXPECT_EQ(std::memcmp(&word, code, 8), 0);
}

TEST_F(MemoryCopyTest, GrowthBeyondTheRoomIsRefused) {
  ProcessMemory before = memory_now();
  const auto copy = MemoryCopy::reserve(before, changeable_ranges(before.maps()));
  ASSERT_NE(copy, nullptr);
  constexpr std::size_t kMore = std::size_t{128} << 20;
  void* const more = mmap(nullptr, kMore, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(more, MAP_FAILED);
  ProcessMemory after = memory_now();
  EXPECT_FALSE(copy->take(after, changeable_ranges(after.maps())));
  munmap(more, kMore);
}

TEST(ChangeableRanges, WritableMappingsAndWhatTheLoaderMadeReadOnly) {
  const auto maps = procfs::parse_memory_maps(
      "1000-2000 r--p 00000000 08:01 5 /bin/app\n"
      "2000-3000 r-xp 00001000 08:01 5 /bin/app\n"
      "3000-4000 r--p 00002000 08:01 5 /bin/app\n"
      "4000-5000 rw-p 00003000 08:01 5 /bin/app\n"
      "5000-6000 rw-p 00000000 00:00 0 \n"
      "7000-8000 ---p 00000000 00:00 0 \n"
      "8000-9000 rw-s 00000000 00:01 6 /dev/shm/memwatch.0.1.2.3\n"
      "a000-b000 r--p 00000000 00:00 0 [vvar]\n");
  const std::vector<Range> ranges = changeable_ranges(maps);
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(ranges[0].start, 0x3000U);
  EXPECT_EQ(ranges[0].end, 0x6000U);
}

}  // namespace
}  // namespace memwatch::reachability
