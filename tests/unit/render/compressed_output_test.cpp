// Compressed outputs, taken apart again by the libraries' simplest calls.
#include "tools/render/compressed_output.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace memwatch::render {
namespace {

std::string gunzip(const std::string& bytes, std::size_t size) {
  std::string text(size + 1, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U) << "nothing behind the end";
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

std::string unzstd(const std::string& bytes, std::size_t size) {
  std::string text(size + 1, '\0');
  const std::size_t length = ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size());
  EXPECT_FALSE(ZSTD_isError(length)) << ZSTD_getErrorName(length);
  text.resize(ZSTD_isError(length) ? 0 : length);
  return text;
}

std::string sample_text(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) text += "+ " + std::to_string(i * 7919 % 104729) + "\n";
  return text;
}

TEST(CompressedOutput, GivesBackWhatWasWritten) {
  for (const std::size_t lines : {0U, 1U, 1000U, 200'000U}) {
    const std::string text = sample_text(lines);
    StringOutput gz, zst;
    const auto gzip = make_gzip_output(gz);
    const auto zstd = make_zstd_output(zst);
    for (std::size_t at = 0; at < text.size(); at += 1000) {
      gzip->write(text.substr(at, 1000));
      zstd->write(text.substr(at, 1000));
    }
    EXPECT_TRUE(gzip->finish().has_value());
    EXPECT_TRUE(zstd->finish().has_value());
    EXPECT_EQ(gunzip(gz.text(), text.size()), text);
    EXPECT_EQ(unzstd(zst.text(), text.size()), text);
  }
}

}  // namespace
}  // namespace memwatch::render
