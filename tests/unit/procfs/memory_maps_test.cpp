#include "collector/procfs/memory_maps.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace memwatch::procfs {
namespace {

TEST(MemoryMaps, LinesAsTheKernelWritesThem) {
  const auto maps = parse_memory_maps(
      "555555554000-555555556000 r--p 00002000 fe:01 1234    /usr/bin/a name with blanks\n"
      "555555579000-55555559a000 rw-p 00000000 00:00 0       [heap]\n"
      "7ffff7fc1000-7ffff7fc3000 r-xs 00000000 00:01 77      /dev/shm/x (deleted)\n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0\n");
  ASSERT_EQ(maps.size(), 4U);
  EXPECT_EQ(maps[0].path, "/usr/bin/a name with blanks");
  EXPECT_EQ(maps[0].offset, 0x2000U);
  EXPECT_TRUE(maps[0].is_file() && maps[0].readable && !maps[0].writable && !maps[0].shared);
  EXPECT_EQ(maps[1].path, "[heap]");
  EXPECT_TRUE(maps[1].writable && !maps[1].is_file());
  EXPECT_TRUE(maps[2].shared && maps[2].executable);
  EXPECT_EQ(maps[3].path, "");
  EXPECT_EQ(find_mapping(maps, 0x555555579000), &maps[1]);
  EXPECT_EQ(find_mapping(maps, 0x55555559a000), nullptr);
  EXPECT_EQ(find_mapping(maps, 0), nullptr);
}

TEST(MemoryMaps, NonsenseIsLeftOut) {
  EXPECT_TRUE(parse_memory_maps("").empty());
  EXPECT_TRUE(parse_memory_maps("\n\n-\nzz-yy rw-p 0 0 0\n2000-1000 rw-p 0 0:0 0\n").empty());
  EXPECT_EQ(parse_memory_maps("3000-4000 rw-p 0 0:0 0\n1000-2000 rw-p 0 0:0 0\n").size(), 1U)
      << "out of order";
}

TEST(MemoryMaps, ThisProcessHasTheVariableItLooksAt) {
  int here = 0;
  const auto maps = read_memory_maps(getpid());
  const MemoryMapping* mapping = find_mapping(maps, reinterpret_cast<std::uint64_t>(&here));
  ASSERT_NE(mapping, nullptr);
  EXPECT_EQ(mapping->path, "[stack]");
  EXPECT_TRUE(read_memory_maps(-1).empty());
}

}  // namespace
}  // namespace memwatch::procfs
