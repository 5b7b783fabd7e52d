#include "collector/procfs/smaps.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/procfs/page_map.h"
#include "collector/procfs/process_sample.h"

namespace memwatch::procfs {
namespace {

TEST(Smaps, FiguresBelongToTheMappingAbove) {
  const auto found = parse_smaps(
      "1000-3000 r-xp 00000000 fe:01 7    /usr/lib/a: library\n"
      "Size:                  8 kB\nRss:                   4 kB\nPss:  2 kB\n"
      "Swap:                  0 kB\nVmFlags: rd ex mr mw me\n"
      "5000-9000 rw-p 00000000 00:00 0    [heap]\n"
      "Rss:                  12 kB\nSwap:                  4 kB\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].mapping.path, "/usr/lib/a: library");
  EXPECT_EQ(found[0].rss, 4096U);
  EXPECT_EQ(found[1].rss, 3 * 4096U);
  EXPECT_EQ(found[1].swap, 4096U);
}

TEST(Smaps, NonsenseIsLeftOut) {
  EXPECT_TRUE(parse_smaps("").empty());
  EXPECT_TRUE(parse_smaps("Rss: 4 kB\nSwap: 4 kB\n:\n\n").empty());
  const auto found = parse_smaps(
      "5000-6000 rw-p 0 0:0 0\nRss: 18446744073709551615 kB\nSwap: x kB\n"
      "1000-2000 rw-p 0 0:0 0\nRss: 4 kB\n"  // out of order: neither it nor its figures
      "6000-7000 rw-p 0 0:0 0\nRss: 4 kB\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rss, 0U);
  EXPECT_EQ(found[1].rss, 4096U);
}

TEST(Smaps, TheSumOfThisProcessIsWhatStatmSays) {
  const auto found = read_smaps(getpid());
  ASSERT_TRUE(found);
  std::uint64_t sum = 0;
  for (const ResidentMapping& entry : *found) sum += entry.rss;
  const auto sample = sample_process(getpid());
  ASSERT_TRUE(sample);
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(sample->rss),
              0.05 * static_cast<double>(sample->rss));
  EXPECT_FALSE(read_smaps(0));
}

TEST(PageMap, PagesThatWereTouchedArePresent) {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  constexpr std::size_t kPages = 200;
  void* const memory = mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  madvise(memory, kPages * page, MADV_NOHUGEPAGE);
  auto* const bytes = static_cast<volatile char*>(memory);
  for (const std::size_t i : std::initializer_list<std::size_t>{0, 1, 63, 64, 65, 130, 199})
    bytes[i * page] = 1;
  const auto start = reinterpret_cast<std::uint64_t>(memory);
  const auto found = PageMap(getpid()).read(start, start + kPages * page);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes_in(start, start + kPages * page), 7 * page);
  EXPECT_EQ(found->bytes_in(start + 100, start + 50 * page), 2 * page - 100);
  EXPECT_EQ(found->bytes_in(start + 63 * page + 10, start + 65 * page + 1), 2 * page - 10 + 1);
  EXPECT_EQ(found->bytes_in(start + 5, start + 9), 4U);
  EXPECT_EQ(found->bytes_in(start + 3 * page, start + 3 * page + 8), 0U);
  EXPECT_EQ(found->bytes_in(0, ~std::uint64_t{0}), 7 * page);
  EXPECT_EQ(found->bytes_in(start + page, start), 0U);
  munmap(memory, kPages * page);
}

TEST(PageMap, OfNobodyIsNotOpen) {
  EXPECT_FALSE(PageMap(0).is_open());
  EXPECT_FALSE(PageMap(0).read(0, 4096));
}

}  // namespace
}  // namespace memwatch::procfs
