#include "collector/reachability/twin_room.h"

#include <gtest/gtest.h>

namespace memwatch::reachability {
namespace {

TEST(TwinRoom, WhatATwinDoesNotHave) {
  const auto maps = procfs::parse_memory_maps(
      "1000-2000 rw-p 0 00:00 0\n"
      "3000-5000 rw-s 0 00:01 7   /dev/zero (deleted)\n"
      "6000-7000 rw-s 0 00:01 8   /dev/shm/memwatch.1.2.x\n"
      "8000-9000 rw-s 0 08:01 9   /var/lib/a.database\n"
      "a000-b000 r--s 0 00:01 10  /memfd:readable (deleted)\n"
      "c000-d000 rw-s 0 00:01 11  /memfd:a (deleted)\n");
  const std::vector<Range> ranges = ranges_without_twin(maps, {{0x1000, 0x2000}, {0x4000, 0x6000}});
  ASSERT_EQ(ranges.size(), 3U);
  EXPECT_EQ(ranges[0].start, 0x1000U);
  EXPECT_EQ(ranges[0].end, 0x2000U);
  EXPECT_EQ(ranges[1].start, 0x3000U);
  EXPECT_EQ(ranges[1].end, 0x6000U);
  EXPECT_EQ(ranges[2].start, 0xc000U);
  EXPECT_EQ(ranges[2].end, 0xd000U);
  EXPECT_TRUE(ranges_without_twin({}, {}).empty());
}

}  // namespace
}  // namespace memwatch::reachability
