#include <gtest/gtest.h>

#include <random>

#include "collector/capture/chunk_reader.h"
#include "collector/capture/chunk_writer.h"
#include "collector/capture/little_endian.h"
#include "tests/unit/capture/files.h"

namespace memwatch::capture {
namespace {

using Status = ChunkReader::Status;
using capture_testing::as_bytes;

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, ' ');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string file_of(const ChunkWriter& chunks, std::uint64_t file_id) {
  return make_file_header(file_id) + chunks.bytes();
}

TEST(Chunks, CompressibleAndIncompressiblePayloadsComeBack) {
  ChunkWriter writer(42, {});
  const std::string zeros(300'000, '\0'), random = noise(5000);
  writer.add(ChunkType::stacks, zeros);
  writer.add(ChunkType::sites, random);
  writer.add(ChunkType::end, {});
  const std::string file = file_of(writer, 42);
  EXPECT_LT(file.size(), 6000U);
  EXPECT_EQ(writer.end().offset, file.size());

  MemorySource source(as_bytes(file));
  ASSERT_EQ(read_file_header(source).value(), 42U);
  ChunkReader reader(source, 42);
  std::string_view payload;
  ASSERT_EQ(reader.next(), Status::chunk);
  ASSERT_TRUE(reader.payload(payload));
  EXPECT_EQ(payload, zeros);
  ASSERT_EQ(reader.next(), Status::chunk);
  ASSERT_TRUE(reader.payload(payload));
  EXPECT_EQ(payload, random);
  ASSERT_EQ(reader.next(), Status::chunk);
  EXPECT_EQ(reader.type(), static_cast<std::uint16_t>(ChunkType::end));
  EXPECT_EQ(reader.next(), Status::end);
}

TEST(Chunks, AChunkOfAnotherFileIsNotBelieved) {
  ChunkWriter writer(1, {});
  writer.add(ChunkType::stacks, "payload");
  const std::string file = file_of(writer, 2);
  MemorySource source(as_bytes(file));
  ChunkReader reader(source, 2);
  EXPECT_EQ(reader.next(), Status::damaged);
}

TEST(Chunks, AMissingChunkIsNoticed) {
  ChunkWriter writer(1, {kFileHeaderBytes, 5, 0});
  writer.add(ChunkType::stacks, "payload");
  const std::string file = file_of(writer, 1);
  MemorySource source(as_bytes(file));
  ChunkReader reader(source, 1);
  EXPECT_EQ(reader.next(), Status::damaged);
}

TEST(Chunks, AClaimedLengthBeyondTheLimitIsRefusedBeforeAllocating) {
  for (const std::size_t at : {kChunkStoredLengthAt, kChunkRawLengthAt}) {
    ChunkWriter writer(1, {});
    writer.add(ChunkType::stacks, "payload");
    std::string file = file_of(writer, 1);
    for (std::size_t i = 0; i < 4; ++i) file[kFileHeaderBytes + at + i] = '\xff';
    MemorySource source(as_bytes(file));
    ChunkReader reader(source, 1);
    EXPECT_EQ(reader.next(), Status::damaged);
  }
}

TEST(Chunks, ManyBombsAreStoredPlainlySoThatTheLimitOnExpansionHolds) {
  ChunkWriter writer(1, {});
  const std::string zeros(kChunkTargetBytes, '\0');
  for (int i = 0; i < 70; ++i) writer.add(ChunkType::stacks, zeros);
  EXPECT_LE(writer.end().raw_bytes, kRawSlackBytes + kRawPerFileByte * writer.end().offset);
  const std::string file = file_of(writer, 1);
  MemorySource source(as_bytes(file));
  ChunkReader reader(source, 1);
  for (int i = 0; i < 70; ++i) ASSERT_EQ(reader.next(), Status::chunk) << i;
  EXPECT_EQ(reader.next(), Status::end);
}

TEST(Chunks, TheHeaderSaysWhatIsWrongWithAFile) {
  const auto why = [](const std::string& file) {
    MemorySource source(as_bytes(file));
    const Result<std::uint64_t> id = read_file_header(source);
    return id ? std::string() : id.error().why;
  };
  const std::string good = make_file_header(7);
  EXPECT_EQ(why(good), "");
  EXPECT_EQ(why(""), "not a memwatch session: the file is empty");
  EXPECT_EQ(why("#!/bin/sh\necho hello\n"), "not a memwatch session");
  EXPECT_EQ(why(good.substr(0, 20)), "cut off at byte 20 before the first complete checkpoint");
  std::string flipped = good;
  flipped[kFileIdAt] ^= 1;
  EXPECT_EQ(why(flipped), "damaged at byte 0 before the first complete checkpoint");
}

}  // namespace
}  // namespace memwatch::capture
