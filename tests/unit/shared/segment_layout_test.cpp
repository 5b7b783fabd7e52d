#include "shared/segment_layout.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "shared/rendezvous.h"

namespace memwatch::protocol {
namespace {

// The protocol is bytes: a field that moves must not go unnoticed.
TEST(SegmentLayout, HeaderFieldsLieWhereThisVersionHasThem) {
  EXPECT_EQ(kProtocolVersion, 12U) << "a new version may move fields: update the offsets below";
  EXPECT_EQ(offsetof(SegmentHeader, magic), 0U);
  EXPECT_EQ(offsetof(SegmentHeader, version), 8U);
  EXPECT_EQ(offsetof(SegmentHeader, header_bytes), 12U);
  EXPECT_EQ(offsetof(SegmentHeader, segment_id), 16U);
  EXPECT_EQ(offsetof(SegmentHeader, geometry), 24U);
  EXPECT_EQ(offsetof(SegmentHeader, pid), 128U);
  EXPECT_EQ(offsetof(SegmentHeader, control), 192U);
  EXPECT_EQ(offsetof(SegmentHeader, slots_used), 384U);
  EXPECT_EQ(offsetof(SegmentHeader, no_room), 464U);
  EXPECT_EQ(offsetof(SegmentHeader, peak_rss), 472U);
  EXPECT_EQ(offsetof(SegmentHeader, trim_wanted), 512U);
  EXPECT_EQ(offsetof(SegmentHeader, trim_done), 520U);
  EXPECT_EQ(offsetof(SegmentHeader, exit_waiting), 576U);
  EXPECT_EQ(offsetof(SegmentHeader, query_owner), 704U);
  EXPECT_EQ(offsetof(SegmentHeader, query_counters), 720U);
  EXPECT_EQ(offsetof(SegmentHeader, judge_answered), 960U);
  EXPECT_EQ(offsetof(SegmentHeader, children_unrecorded), 1024U);
  EXPECT_EQ(offsetof(SegmentHeader, programs_begun), 1088U);
  EXPECT_EQ(offsetof(SegmentHeader, programs), 1096U);
  EXPECT_EQ(offsetof(ThreadSlot, consumed), 64U);
  EXPECT_EQ(sizeof(ThreadSlot), 128U);
  EXPECT_EQ(sizeof(StackNode), 16U);
  EXPECT_EQ(sizeof(ModuleEntry), 64U);
  EXPECT_EQ(sizeof(FlightEntry), 64U);
  EXPECT_EQ(sizeof(Shard), 4U);
  EXPECT_EQ(sizeof(Hello), 56U);
  EXPECT_EQ(sizeof(LeaksRequest), 56U);
  EXPECT_EQ(sizeof(Welcome), 152U);
}

TEST(SegmentLayout, FieldsOfDifferentWritersShareNoCacheLine) {
  const auto line = [](std::size_t offset) { return offset / 64; };
  EXPECT_LT(line(offsetof(SegmentHeader, geometry) + sizeof(Geometry) - 1),
            line(offsetof(SegmentHeader, pid)));
  EXPECT_LT(line(offsetof(SegmentHeader, ready)), line(offsetof(SegmentHeader, control)));
  EXPECT_LT(line(offsetof(SegmentHeader, rendezvous) + kMaxRendezvousPath - 1),
            line(offsetof(SegmentHeader, slots_used)));
  EXPECT_LT(line(offsetof(SegmentHeader, judge_live_bytes)),
            line(offsetof(SegmentHeader, children_unrecorded)));
  EXPECT_LT(line(offsetof(ThreadSlot, idle_bytes)), line(offsetof(ThreadSlot, consumed)));
}

class Geometries : public testing::TestWithParam<Geometry> {};
INSTANTIATE_TEST_SUITE_P(OfTheProtocol, Geometries,
                         testing::Values(ordinary_geometry(), compact_geometry()));

TEST_P(Geometries, PartsFollowOneAnotherOnPagesOfTheirOwn) {
  const Geometry g = GetParam();
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> parts = {
      {0, sizeof(SegmentHeader)},
      {g.slots_offset, g.slots * sizeof(ThreadSlot)},
      {g.shards_offset, kShards * sizeof(Shard)},
      {g.nodes_offset, g.nodes * sizeof(StackNode)},
      {g.modules_offset, g.modules * sizeof(ModuleEntry)},
      {g.names_offset, g.names_bytes},
      {g.flight_offset, g.flight_entries * sizeof(FlightEntry)},
      {g.rings_offset, ring_bytes_total(g)}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].first % 4096, 0U) << i;
    const std::uint64_t next = i + 1 < parts.size() ? parts[i + 1].first : g.segment_bytes;
    EXPECT_LE(parts[i].first + parts[i].second, next) << i;
    EXPECT_LT(next - parts[i].first - parts[i].second, 4096U) << i;
  }
}

TEST_P(Geometries, RingsFillTheirPartWithoutGapOrOverlap) {
  const Geometry g = GetParam();
  std::uint64_t at = g.rings_offset;
  for (std::uint32_t slot = 0; slot < g.slots; ++slot) {
    ASSERT_EQ(ring_offset(g, slot), at) << slot;
    at += ring_slots(g, slot) * sizeof(Slot);
  }
  EXPECT_EQ(at, g.rings_offset + ring_bytes_total(g));
  EXPECT_LE(at, g.segment_bytes);
  EXPECT_EQ(ring_slots(g, 0), g.long_slots);
  EXPECT_EQ(ring_slots(g, g.long_rings), g.middle_slots);
  EXPECT_EQ(ring_slots(g, g.slots - 1), g.short_slots);
}

TEST_P(Geometries, IsSoundInASegmentOfItsSizeOrLargerButNotInAShorterOne) {
  const Geometry g = GetParam();
  EXPECT_TRUE(is_sound(g, g.segment_bytes));
  EXPECT_TRUE(is_sound(g, g.segment_bytes + 4096));
  EXPECT_FALSE(is_sound(g, g.segment_bytes - 1));
  EXPECT_FALSE(is_sound(g, 0));
}

// Every 32-bit half of the geometry, set to telling values: whatever is still called sound must
// have all its parts inside the mapping.
TEST_P(Geometries, NoSingleLieGetsAPartOutsideTheMapping) {
  constexpr std::size_t kWords = sizeof(Geometry) / sizeof(std::uint32_t);
  const Geometry honest = GetParam();
  std::uint32_t words[kWords];
  std::memcpy(words, &honest, sizeof honest);
  unsigned refused = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint32_t before = words[i];
    std::vector<std::uint32_t> lies = {0,          1,          before - 1, before + 1, before * 2,
                                       before / 2, 0x7fffffff, 0x80000000, ~0U};
    for (unsigned bit = 0; bit < 32; ++bit) lies.push_back(before ^ (1U << bit));
    for (const std::uint32_t lie : lies) {
      if (lie == before) continue;
      words[i] = lie;
      Geometry g{};
      std::memcpy(&g, words, sizeof g);
      if (!is_sound(g, honest.segment_bytes)) {
        ++refused;
        continue;
      }
      // A lie about capacities is harmless when, after rounding to pages, every part still fits.
      EXPECT_LE(g.slots_offset + g.slots * sizeof(ThreadSlot), g.shards_offset);
      EXPECT_LE(g.nodes_offset + g.nodes * sizeof(StackNode), g.modules_offset);
      EXPECT_LE(g.modules_offset + g.modules * sizeof(ModuleEntry), g.names_offset);
      EXPECT_LE(g.names_offset + g.names_bytes, g.flight_offset);
      EXPECT_LE(g.flight_offset + g.flight_entries * sizeof(FlightEntry), g.rings_offset);
      const std::uint32_t last = g.slots - 1;
      EXPECT_LE(ring_offset(g, last) + ring_slots(g, last) * sizeof(Slot), honest.segment_bytes);
    }
    words[i] = before;
  }
  EXPECT_GT(refused, kWords * 20);
}

TEST_P(Geometries, RefusesOffsetsThatAreOffByAPageAndCountsThatAreNone) {
  const Geometry honest = GetParam();
  const auto refused = [&](auto change) {
    Geometry g = honest;
    change(g);
    return !is_sound(g, honest.segment_bytes + (1ULL << 30));
  };
  EXPECT_TRUE(refused([](Geometry& g) { g.segment_bytes += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.slots_offset -= 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.shards_offset += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.nodes_offset += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.modules_offset += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.names_offset += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.flight_offset += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.rings_offset += 4096; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.slots = 0; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.nodes = 1; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.modules = 0; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.flight_entries = 0; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.long_rings = g.slots + 1; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.middle_rings = g.slots; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.long_slots += 1; }));
  EXPECT_TRUE(refused([](Geometry& g) { g.short_slots = 32; }));
}

// Geometries that are consistent with themselves but absurd.
TEST(IsSound, RefusesSizesBeyondAnySegment) {
  const auto sound = [](auto change) {
    Geometry g = compact_geometry();
    change(g);
    g = place_parts(g);
    return is_sound(g, ~0ULL);
  };
  EXPECT_TRUE(sound([](Geometry&) {}));
  EXPECT_FALSE(sound([](Geometry& g) { g.slots = 65537; }));
  EXPECT_FALSE(sound([](Geometry& g) { g.nodes = (1U << 28) + 1; }));
  EXPECT_FALSE(sound([](Geometry& g) { g.modules = (1U << 20) + 1; }));
  EXPECT_FALSE(sound([](Geometry& g) { g.names_bytes = (1U << 28) + 1; }));
  EXPECT_FALSE(sound([](Geometry& g) { g.flight_entries = (1U << 20) + 1; }));
  EXPECT_FALSE(sound([](Geometry& g) { g.long_slots = 1U << 25; }));
}

TEST(IsSound, NeverTakesRandomBytesForAGeometryWithPartsOutside) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    std::uint64_t words[sizeof(Geometry) / 8 + 1];
    for (std::uint64_t& word : words) word = random() >> (random() % 64);
    Geometry g{};
    std::memcpy(&g, words, sizeof g);
    EXPECT_FALSE(is_sound(g, 1ULL << 40));
  }
}

TEST(ShardOf, StaysInRangeForEveryAddress) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 1'000'000; ++i) {
    ASSERT_LT(shard_of(random() >> (random() % 64)), kAddressShards);
  }
  EXPECT_LT(shard_of(0), kAddressShards);
  EXPECT_LT(shard_of(~0ULL), kAddressShards);
  EXPECT_GE(kMappingShard, kAddressShards);
  EXPECT_LT(kMappingShard, kShards);
}

TEST(ShardOf, SpreadsNeighbouringBlocks) {
  std::map<std::uint32_t, unsigned> uses;
  for (std::uint64_t i = 0; i < 4 * kAddressShards; ++i) ++uses[shard_of(0x55550000 + i * 32)];
  EXPECT_GT(uses.size(), kAddressShards * 9 / 10);
  for (const auto& [shard, count] : uses) EXPECT_LT(count, 40U) << shard;
}

}  // namespace
}  // namespace memwatch::protocol
