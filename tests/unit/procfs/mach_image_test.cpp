// Mach-O files, made here byte by byte, and damaged.
#include "collector/procfs/mach_image.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>

namespace memwatch::procfs {
namespace {

void put(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i) & 0xff);
}

void put_big(std::string& to, std::uint64_t value, int bytes) {
  for (int i = bytes; i-- > 0;) to += static_cast<char>(value >> (8 * i) & 0xff);
}

constexpr std::uint64_t kX86_64 = 0x01000007, kArm64 = 0x0100000c;

// A program: __PAGEZERO, __TEXT, its loader, its UUID.
std::string image(std::uint64_t processor, std::uint64_t subtype, char uuid_byte) {
  std::string commands;
  for (const char* name : {"__PAGEZERO", "__TEXT"}) {
    const bool is_text = std::string(name) == "__TEXT";
    put(commands, 0x19, 4);
    put(commands, 72, 4);
    std::string padded = name;
    padded.resize(16);
    commands += padded;
    put(commands, is_text ? 0x100000000 : 0, 8);
    put(commands, is_text ? 0x8000 : 0x100000000, 8);
    put(commands, 0, 8);
    put(commands, is_text ? 0x8000 : 0, 8);
    put(commands, 0, 16 - 8);
    put(commands, 0, 8);
  }
  put(commands, 0x0e, 4);
  put(commands, 32, 4);
  std::string loader = std::string("\x0c\0\0\0", 4) + "/usr/lib/dyld";
  loader.resize(24);
  commands += loader;
  put(commands, 0x1b, 4);
  put(commands, 24, 4);
  commands += std::string(16, uuid_byte);

  std::string bytes;
  put(bytes, 0xfeedfacf, 4);
  put(bytes, processor, 4);
  put(bytes, subtype, 4);
  put(bytes, 2, 4);
  put(bytes, 4, 4);
  put(bytes, commands.size(), 4);
  put(bytes, 0x85, 4);
  put(bytes, 0, 4);
  return bytes + commands;
}

// Both processors in one file.
std::string universal() {
  const std::string intel = image(kX86_64, 0x80000003, 0x11), arm = image(kArm64, 0, 0x22);
  std::string bytes;
  put_big(bytes, 0xcafebabe, 4);
  put_big(bytes, 2, 4);
  std::uint64_t offset = 4096;
  for (const std::string& one : {intel, arm}) {
    put_big(bytes, 0, 4);
    put_big(bytes, 0, 4);
    put_big(bytes, offset, 4);
    put_big(bytes, one.size(), 4);
    put_big(bytes, 12, 4);
    offset += 4096;
  }
  bytes.resize(4096);
  bytes += intel;
  bytes.resize(8192);
  return bytes + arm;
}

TEST(MachImage, ItsUuidIsWhatDebugInformationIsFoundBy) {
  const auto images = parse_mach_images(image(kArm64, 0, '\xab'));
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].uuid, "abababababababababababababababab");
  EXPECT_EQ(images[0].processor, MachProcessor::arm64);
  EXPECT_TRUE(images[0].is_program);
  EXPECT_TRUE(images[0].needs_dyld);
  EXPECT_EQ(images[0].text_address, 0x100000000U);
  EXPECT_EQ(images[0].text_bytes, 0x8000U);
}

TEST(MachImage, ProgramsOfTheSystemForArmAreOfAnotherKind) {
  const auto images = parse_mach_images(image(kArm64, 0x80000002, 1));
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].processor, MachProcessor::arm64e);
}

TEST(MachImage, AUniversalFileHasOneForEachProcessor) {
  const auto images = parse_mach_images(universal());
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[0].processor, MachProcessor::x86_64);
  EXPECT_EQ(images[0].uuid.substr(0, 2), "11");
  EXPECT_EQ(images[1].processor, MachProcessor::arm64);
  EXPECT_EQ(images[1].uuid.substr(0, 2), "22");
}

TEST(MachImage, AFileIsReadAsItsBytesAre) {
  const std::string path = testing::TempDir() + "universal_mach_o";
  std::ofstream(path, std::ios::binary) << universal();
  const auto images = read_mach_images(path);
  ASSERT_TRUE(images) << images.error().to_line();
  ASSERT_EQ(images->size(), 2U);
  EXPECT_EQ((*images)[1].uuid.substr(0, 2), "22");
  std::remove(path.c_str());
}

TEST(MachImage, WhatIsNoMachOFileHasNone) {
  EXPECT_TRUE(parse_mach_images("").empty());
  EXPECT_TRUE(parse_mach_images("\x7f"
                                "ELF and so on, more than a header's worth of it")
                  .empty());
  // A Java class begins like a universal file.
  EXPECT_TRUE(
      parse_mach_images(std::string("\xca\xfe\xba\xbe\0\0\0\x41", 8) + std::string(100, 'j'))
          .empty());
  const auto own = read_mach_images("/proc/self/exe");
  ASSERT_TRUE(own) << own.error().to_line();
  EXPECT_TRUE(own->empty());
  EXPECT_FALSE(read_mach_images("/nowhere/at/all"));
  EXPECT_FALSE(read_mach_images("/dev/null"));
}

TEST(MachImage, CutOffAnywhereItSaysLessAndReadsNothingElse) {
  for (const std::string& whole : {image(kX86_64, 3, 7), universal()}) {
    for (std::size_t size = 0; size<whole.size(); size += whole.size()> 1000 ? 17 : 1) {
      const std::string copy =
          whole.substr(0, size);  // of its own, so that a sanitizer sees its end
      parse_mach_images(copy);
    }
  }
}

TEST(MachImage, FlippedBitsAreSurvived) {
  std::mt19937 random(4711);
  for (const std::string& whole : {image(kX86_64, 3, 7), universal()}) {
    for (int round = 0; round < 3000; ++round) {
      std::string bytes = whole;
      for (int flips = 0; flips < 4; ++flips) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      }
      EXPECT_LE(parse_mach_images(bytes).size(), 16U);
    }
  }
}

}  // namespace
}  // namespace memwatch::procfs
