#include "collector/procfs/fork_flags.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace memwatch::procfs {
namespace {

TEST(ForkFlags, MappingsThatAChildDoesNotGetAsTheyAre) {
  const AddressRanges found = parse_fork_flags(
      "1000-2000 rw-p 00000000 00:00 0 \nSize: 4 kB\nVmFlags: rd wr mr mw me ac \n"
      "2000-4000 rw-p 00000000 00:00 0    [heap]\nSize: 8 kB\nVmFlags: rd wr mr mw me dc ac \n"
      "a000-b000 rw-p 00000000 00:00 0 \nVmFlags: rd wr mr wf ac \n"
      "b000-c000 rw-s 00000000 00:00 9    /dev/hugepages/Size: of a name\nVmFlags: rd wr ht \n"
      "VmFlags: dc\nnonsense\nVmFlags: dc\nVmFlags:\n");
  const AddressRanges expected = {{0x2000, 0x4000}, {0xa000, 0xb000}, {0xb000, 0xc000}};
  ASSERT_GE(found.size(), 3U);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), found.begin()));
  EXPECT_TRUE(parse_fork_flags("").empty());
}

TEST(ForkFlags, OfThisProcess) {
  constexpr std::size_t kBytes = 4096;
  void* const page =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  const auto is_found = [&] {
    const auto ranges = read_fork_flags(getpid());
    const auto at = reinterpret_cast<std::uint64_t>(page);
    return ranges && std::any_of(ranges->begin(), ranges->end(), [&](const auto& range) {
             return range.first <= at && at < range.second;
           });
  };
  EXPECT_FALSE(is_found());
  ASSERT_EQ(madvise(page, kBytes, MADV_DONTFORK), 0);
  EXPECT_TRUE(is_found());
  munmap(page, kBytes);
  EXPECT_FALSE(read_fork_flags(-1));
}

}  // namespace
}  // namespace memwatch::procfs
