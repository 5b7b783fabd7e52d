#include "preload/byte_reader.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <vector>

namespace memwatch::preload {
namespace {

// Exactly as long as its content, so that the address sanitizer sees a step beyond it.
struct Bytes {
  explicit Bytes(std::initializer_list<int> list) {
    for (const int byte : list) content.push_back(static_cast<std::uint8_t>(byte));
    content.shrink_to_fit();
  }
  [[nodiscard]] ByteReader reader() const { return {content.data(), content.size()}; }
  std::vector<std::uint8_t> content;
};

TEST(ByteReader, ReadsFixedWidthsInOrder) {
  const Bytes bytes{1, 0x34, 0x12, 0xff, 0xff, 0xff, 0xff, 9};
  ByteReader in = bytes.reader();
  EXPECT_EQ(in.fixed<std::uint8_t>(), 1U);
  EXPECT_EQ(in.fixed<std::uint16_t>(), 0x1234U);
  EXPECT_EQ(in.fixed<std::int32_t>(), -1);
  EXPECT_EQ(in.left(), 1U);
  EXPECT_FALSE(in.failed());
}

TEST(ByteReader, NeverReadsPastTheEndAndAFailureSticks) {
  const Bytes bytes{1, 2, 3};
  ByteReader in = bytes.reader();
  EXPECT_EQ(in.fixed<std::uint32_t>(), 0U);
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.left(), 0U);
  EXPECT_EQ(in.fixed<std::uint8_t>(), 0U);
  EXPECT_TRUE(in.failed());
}

TEST(ByteReader, ReadsTheExamplesOfTheDwarfStandard) {
  const auto uleb = [](std::initializer_list<int> list) { return Bytes(list).reader().uleb(); };
  const auto sleb = [](std::initializer_list<int> list) { return Bytes(list).reader().sleb(); };
  EXPECT_EQ(uleb({2}), 2U);
  EXPECT_EQ(uleb({127}), 127U);
  EXPECT_EQ(uleb({0x80, 1}), 128U);
  EXPECT_EQ(uleb({0xb9, 0x64}), 12857U);
  EXPECT_EQ(sleb({2}), 2);
  EXPECT_EQ(sleb({0x7e}), -2);
  EXPECT_EQ(sleb({0xff, 0x00}), 127);
  EXPECT_EQ(sleb({0x81, 0x7f}), -127);
  EXPECT_EQ(sleb({0x80, 0x7f}), -128);
  EXPECT_EQ(uleb({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), ~0ULL);
  EXPECT_EQ(sleb({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}), INT64_MIN);
}

TEST(ByteReader, AnEndlessNumberEndsWithTheBytes) {
  Bytes bytes{};
  bytes.content.assign(1000, 0x80);
  ByteReader in = bytes.reader();
  EXPECT_EQ(in.uleb(), 0U);
  EXPECT_TRUE(in.failed());
  in = bytes.reader();
  EXPECT_EQ(in.sleb(), 0);
  EXPECT_TRUE(in.failed());
}

TEST(ByteReader, MovesForwardsOnly) {
  const Bytes bytes{1, 2, 3, 4};
  ByteReader in = bytes.reader();
  in.move_to(bytes.content.data() + 2);
  EXPECT_EQ(in.fixed<std::uint8_t>(), 3U);
  in.move_to(bytes.content.data() + 4);
  EXPECT_FALSE(in.failed());
  ByteReader back = bytes.reader();
  back.fixed<std::uint16_t>();
  back.move_to(bytes.content.data());
  EXPECT_TRUE(back.failed());
}

TEST(ByteReader, RandomBytesNeverLeadOutside) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes(random() % 12);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() | (random() % 2 * 0x80));
    bytes.shrink_to_fit();
    ByteReader in(bytes.data(), bytes.size());
    while (!in.failed() && in.left() > 0) {
      switch (random() % 4) {
        case 0:
          in.uleb();
          break;
        case 1:
          in.sleb();
          break;
        case 2:
          in.fixed<std::uint64_t>();
          break;
        default:
          in.fixed<std::uint8_t>();
          break;
      }
    }
    ASSERT_EQ(in.left(), 0U);
  }
}

}  // namespace
}  // namespace memwatch::preload
