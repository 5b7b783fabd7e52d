// Resident memory explained, with made-up mappings, pages and blocks: each byte goes to one part.
#include "collector/analysis/breakdown.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace memwatch::analysis {
namespace {

constexpr std::uint64_t kPage = 4096;

class Explained : public testing::Test {
 protected:
  // Text as in smaps; `rss` in pages.
  void map(std::uint64_t start, std::uint64_t pages, std::uint64_t rss, const char* permissions,
           const std::string& path = "", bool is_file = false) {
    procfs::ResidentMapping entry;
    entry.mapping.start = start;
    entry.mapping.end = start + pages * kPage;
    entry.mapping.readable = permissions[0] == 'r';
    entry.mapping.writable = permissions[1] == 'w';
    entry.mapping.executable = permissions[2] == 'x';
    entry.mapping.shared = permissions[3] == 's';
    entry.mapping.inode = is_file ? 1 : 0;
    entry.mapping.path = path;
    entry.rss = rss * kPage;
    memory_.mappings.push_back(entry);
  }
  // The first `present` pages of the last mapping.
  void first_pages(std::size_t present) {
    const auto& mapping = memory_.mappings.back().mapping;
    procfs::ResidentPages pages;
    pages.start = mapping.start;
    pages.pages = (mapping.end - mapping.start) / kPage;
    pages.bits.assign((pages.pages + 63) / 64, 0);
    for (std::size_t i = 0; i < present; ++i) pages.bits[i / 64] |= 1ULL << i % 64;
    memory_.pages.push_back(std::move(pages));
    memory_.has_pages = true;
  }
  void block(std::uint64_t address, std::uint64_t size, std::uint32_t library = 0) {
    heap_.blocks.push_back({address, size, size, library});
  }
  Breakdown explain() {
    const Breakdown result = break_down(heap_, memory_);
    EXPECT_EQ(result.heap + result.allocator_overhead + result.allocator_free + result.mapped +
                  result.stacks + result.libraries + result.files + result.shared +
                  result.memwatch + result.untracked,
              result.rss);
    EXPECT_EQ(sum(result.heap_by_library), result.heap);
    EXPECT_EQ(sum(result.library_files), result.libraries);
    EXPECT_EQ(sum(result.other_files), result.files);
    EXPECT_EQ(sum(result.shared_by_name), result.shared);
    return result;
  }
  static std::uint64_t sum(const std::vector<BreakdownItem>& items) {
    return std::accumulate(
        items.begin(), items.end(), std::uint64_t{0},
        [](std::uint64_t bytes, const BreakdownItem& item) { return bytes + item.bytes; });
  }

  HeapFacts heap_{true, false, false, {}, {"/usr/lib/liba.so", "/usr/bin/b"}, {}, {}};
  MemoryFacts memory_;
};

TEST_F(Explained, BlocksCountWithTheirPresentPagesAndTheRestIsTheAllocators) {
  map(0x100000, 10, 4, "rw-p", "[heap]");
  first_pages(4);
  block(0x100010, 1000);           // present
  block(0x100400, 24, 1);          // present
  block(0x104000 - 100, 8192, 1);  // a hundred bytes of it
  block(0x106000, 4096);           // not touched
  const Breakdown found = explain();
  EXPECT_EQ(found.heap, 1000U + 24 + 100);
  ASSERT_EQ(found.heap_by_library.size(), 2U);
  EXPECT_EQ(found.heap_by_library[0].name, "/usr/lib/liba.so");
  EXPECT_EQ(found.heap_by_library[0].bytes, 1000U);
  EXPECT_EQ(found.heap_by_library[0].live_bytes, 5096U);
  EXPECT_EQ(found.heap_by_library[1].bytes, 124U);
  EXPECT_EQ(found.allocator_overhead, 8U + 8 + 16);  // chunks of 1008, 32 and 8208 bytes
  EXPECT_EQ(found.allocator_free, 4 * kPage - 1124 - 32);
  EXPECT_FALSE(found.estimated);
  EXPECT_TRUE(found.notes.empty());
}

TEST_F(Explained, BlocksWithMappingsOfTheirOwnAreRoundedToPages) {
  map(0x7000000, 100, 100, "rw-p");
  block(0x7000010, 100 * kPage - 5000, 1);
  const Breakdown found = explain();
  EXPECT_EQ(found.heap, 100 * kPage - 5000);
  EXPECT_EQ(found.allocator_overhead, 16U + (5000 - 16) % kPage);
  EXPECT_EQ(found.untracked, kPage);  // whole pages beside it are somebody else's
  EXPECT_EQ(found.allocator_free, 0U);
}

TEST_F(Explained, MappingsAreToldByWhatTheyAre) {
  map(0x1000, 2, 2, "r-xp", "/usr/bin/b", true);
  map(0x3000, 1, 1, "rw-p", "/usr/bin/b", true);
  map(0x4000, 3, 2, "rw-p");  // its .bss
  map(0x10000, 4, 3, "r--p", "/usr/share/data", true);
  map(0x20000, 5, 5, "rw-s", "/dev/shm/x", true);
  map(0x30000, 2, 1, "rw-s", "/memfd:y (deleted)", true);
  map(0x40000, 6, 6, "rw-s", "/dev/shm/memwatch.7.1", true);
  map(0x50000, 1, 1, "r-xp", "/opt/libmemwatch_preload.so", true);
  map(0x60000, 1, 0, "---p");
  map(0x61000, 8, 7, "rw-p");  // a stack: there is a guard below
  map(0x70000, 8, 5, "rw-p");  // a stack: a thread is there
  map(0x80000, 9, 9, "rw-p");  // the program's own, a page of it the shim's
  map(0x90000, 3, 3, "rw-p");  // nobody knows
  map(0xa0000, 2, 1, "r-xp", "[vdso]");
  map(0x8000000, 4, 2, "rw-p");  // an arena
  map(0x8004000, 0x4000 - 4, 0, "---p");
  map(0x7ff0000, 4, 3, "rw-p", "[stack]");
  memory_.stack_pointers = {0x70008};
  memory_.page_tables = 12345;
  heap_.program_mappings = {{0x80000, 0x90000}};
  heap_.memwatch_mappings = {{0x88000, 0x89000}};
  const Breakdown found = explain();
  EXPECT_EQ(found.libraries, (2U + 1 + 2 + 1) * kPage);
  EXPECT_EQ(found.library_files.front().name, "/usr/bin/b");
  EXPECT_EQ(found.files, 3 * kPage);
  EXPECT_EQ(found.shared, 6 * kPage);
  EXPECT_EQ(found.memwatch, (6U + 1 + 1) * kPage);
  EXPECT_EQ(found.stacks, (7U + 5 + 3) * kPage);
  EXPECT_EQ(found.mapped, 8 * kPage);
  EXPECT_EQ(found.allocator_free, 2 * kPage);
  EXPECT_EQ(found.untracked, 3 * kPage);
  EXPECT_EQ(found.page_tables, 12345U);
}

TEST_F(Explained, OfASampleBlocksCountForWhatTheyStandFor) {
  heap_.is_sample = true;
  map(0x100000, 10, 10, "rw-p", "[heap]");
  map(0x7000000, 10, 10, "rw-p");
  map(0x9000000, 20, 20, "rw-p");
  heap_.blocks.push_back({0x100010, 100, 20'000, 0});
  heap_.blocks.push_back({0x7000010, 9 * kPage, 25 * kPage, 1});  // others like it were not drawn
  const Breakdown found = explain();
  EXPECT_EQ(found.heap, 20'000U + 25 * kPage);
  EXPECT_TRUE(found.estimated);
  EXPECT_EQ(found.notes.size(), 1U);
  heap_.blocks[0].stands_for = 1U << 30;  // more than there can be
  EXPECT_EQ(explain().allocator_free, 0U);
}

TEST_F(Explained, WithoutBlocksOrThePageMapItSaysSo) {
  heap_ = {};
  map(0x100000, 10, 4, "rw-p", "[heap]");
  Breakdown found = explain();
  EXPECT_EQ(found.allocator_free, 4 * kPage);
  EXPECT_EQ(found.notes.size(), 1U);
  heap_.is_followed = true;
  heap_.libraries = {""};
  block(0x100000, 5 * kPage);
  found = explain();
  EXPECT_EQ(found.heap, 2 * kPage);
  EXPECT_TRUE(found.estimated);
}

TEST_F(Explained, HostileFactsStillSumUp) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    heap_ = HeapFacts{true, round % 2 == 0, false, {}, {"a", "b"}, {}, {}};
    memory_ = {};
    std::uint64_t at = kPage;
    for (int i = 0; i < 12; ++i) {
      const std::uint64_t pages = 1 + random() % 100;
      map(at, pages, random() % (pages + 1), random() % 3 == 0 ? "---p" : "rw-p",
          random() % 4 == 0 ? "[heap]" : "", random() % 5 == 0);
      if (random() % 2 == 0) first_pages(random() % (pages + 1));
      at += (pages + random() % 2) * kPage;
    }
    for (int i = 0; i < 50; ++i) {
      const bool is_wild = random() % 10 == 0;
      heap_.blocks.push_back({is_wild ? random() : random() % at,
                              is_wild ? random() : random() % 100'000, random() % 1'000'000,
                              static_cast<std::uint32_t>(random() % 3)});
    }
    heap_.program_mappings = {{random() % at, random() % at}, {0, ~std::uint64_t{0}}};
    heap_.memwatch_mappings = {{random() % at, random() % at}};
    memory_.stack_pointers = {random() % at};
    explain();
  }
}

}  // namespace
}  // namespace memwatch::analysis
