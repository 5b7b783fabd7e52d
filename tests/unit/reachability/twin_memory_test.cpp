#include "collector/reachability/twin_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace memwatch::reachability {
namespace {

constexpr std::uint64_t kPage = 4096;

// This process is its own twin: what comes from the copy is what was there before.
TEST(TwinMemory, ReadsOnBothSidesOfWhatWasCopied) {
  auto* const words = static_cast<std::uint64_t*>(
      mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(words, MAP_FAILED);
  const auto start = reinterpret_cast<std::uint64_t>(words);
  for (std::size_t i = 0; i < 4 * kPage / 8; ++i) words[i] = i;
  ProcessMemory process(getpid(), -1, procfs::read_memory_maps(getpid()));
  const std::vector<Range> covered = {{start + kPage, start + 2 * kPage}};
  const auto copy = MemoryCopy::reserve(process, covered);
  ASSERT_TRUE(copy && copy->take(process, covered));
  for (std::size_t i = 0; i < 4 * kPage / 8; ++i) words[i] += 100000;
  TwinMemory memory(process, *copy);
  std::vector<std::uint64_t> got(4 * kPage / 8);
  ASSERT_EQ(memory.read(start, got.data(), 4 * kPage), 4 * kPage);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool is_copied = i >= kPage / 8 && i < 2 * kPage / 8;
    ASSERT_EQ(got[i], is_copied ? i : i + 100000) << i;
  }
  // Stretches may end at the borders, but leave nothing out.
  std::uint64_t at = start;
  while (at < start + 4 * kPage) {
    const Range found = memory.next_present(at, start + 4 * kPage);
    ASSERT_EQ(found.start, at);
    ASSERT_GT(found.end, at);
    at = found.end;
  }
  munmap(words, 4 * kPage);
  EXPECT_EQ(memory.read(start + kPage + 8, got.data(), 8), 8U) << "the copy stays";
  EXPECT_EQ(got[0], kPage / 8 + 1);
  EXPECT_EQ(memory.read(start, got.data(), 8), 0U);
}

}  // namespace
}  // namespace memwatch::reachability
