#include "tools/render/human.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace memwatch::render {
namespace {

TEST(Human, BytesAreBinaryWithOneDecimalBelowAHundred) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(512ULL << 20), "512 MiB");
  EXPECT_EQ(human_bytes(64ULL << 30), "64.0 GiB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

TEST(Human, BytesNeverRoundUpTo1024OfAUnit) {
  EXPECT_EQ(human_bytes((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(1023 * 1024), "1023 KiB");
}

TEST(Human, CountsAreGroupedThenGetAUnit) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(999'999), "999,999");
  EXPECT_EQ(human_count(1'204'332), "1.20M");
  EXPECT_EQ(human_count(34'100'000'000), "34.1G");
  EXPECT_EQ(human_count(999'999'999), "1.00G");
  EXPECT_EQ(exact_count(1'204'332), "1,204,332");
}

TEST(Human, Durations) {
  EXPECT_EQ(human_duration(0), "0 s");
  EXPECT_EQ(human_duration(-1), "0 s");
  EXPECT_EQ(human_duration(std::nan("")), "0 s");
  EXPECT_EQ(human_duration(0.00085), "850 µs");
  EXPECT_EQ(human_duration(0.012), "12 ms");
  EXPECT_EQ(human_duration(0.9999), "1.00 s");
  EXPECT_EQ(human_duration(1.5), "1.50 s");
  EXPECT_EQ(human_duration(12.34), "12.3 s");
  EXPECT_EQ(human_duration(59.99), "1 min 00 s");
  EXPECT_EQ(human_duration(123), "2 min 03 s");
  EXPECT_EQ(human_duration(3725), "1 h 02 min");
  EXPECT_EQ(human_duration(1e300), "more than 30 years");
}

TEST(Human, PercentNeverClaimsNothingOrAllFalsely) {
  EXPECT_EQ(human_percent(0), "0 %");
  EXPECT_EQ(human_percent(0.0001), "<0.1 %");
  EXPECT_EQ(human_percent(0.341), "34.1 %");
  EXPECT_EQ(human_percent(0.9999), ">99.9 %");
  EXPECT_EQ(human_percent(1), "100 %");
}

TEST(Human, RatesAndCountedNouns) {
  EXPECT_EQ(human_rate(163), "163/s");
  EXPECT_EQ(human_rate(98'100), "98.1k/s");
  EXPECT_EQ(human_rate(2'500'000), "2.50M/s");
  EXPECT_EQ(counted(1, "block", "blocks"), "1 block");
  EXPECT_EQ(counted(1024, "block", "blocks"), "1,024 blocks");
}

}  // namespace
}  // namespace memwatch::render
