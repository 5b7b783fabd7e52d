#include "collector/capture/chunk_reader.h"

#include <fmt/format.h>
#include <zstd.h>

#include "collector/capture/checksum.h"
#include "collector/capture/little_endian.h"

namespace memwatch::capture {
namespace {

Error header_error(std::string why) {
  return Error{ErrorKind::damaged, "read the session", {}, std::move(why), {}};
}

}  // namespace

Result<std::uint64_t> read_file_header(ByteSource& source) {
  const std::string_view bytes = source.read_at(0, kFileHeaderBytes);
  const std::string_view magic(kFileMagic.data(), kFileMagic.size());
  if (bytes.empty()) return header_error("not a memwatch session: the file is empty");
  if (bytes.substr(0, magic.size()) != magic.substr(0, bytes.size())) {
    return header_error("not a memwatch session");
  }
  if (bytes.size() < kFileHeaderBytes) {
    return header_error(
        fmt::format("cut off at byte {} before the first complete checkpoint", bytes.size()));
  }
  if (load_le<std::uint64_t>(bytes.data() + kFileChecksumAt) !=
      checksum_of(bytes.substr(0, kFileChecksumAt))) {
    return header_error("damaged at byte 0 before the first complete checkpoint");
  }
  const auto version = load_le<std::uint32_t>(bytes.data() + kFileVersionAt);
  if (version > kFormatVersion) {
    return header_error(
        fmt::format("written by a newer memwatch (format {}, this one reads up to {})", version,
                    kFormatVersion));
  }
  if (version == 0 || load_le<std::uint32_t>(bytes.data() + kFileByteOrderAt) != kByteOrderMark) {
    return header_error("damaged at byte 8 before the first complete checkpoint");
  }
  return load_le<std::uint64_t>(bytes.data() + kFileIdAt);
}

ChunkReader::Status ChunkReader::damaged(const char* problem) {
  problem_ = problem;
  return Status::damaged;
}

ChunkReader::Status ChunkReader::next() {
  chunk_offset_ = position_.offset;
  const std::string_view header = source_.read_at(chunk_offset_, kChunkHeaderBytes);
  if (header.empty()) return Status::end;
  if (header.size() < kChunkHeaderBytes) return Status::cut;
  if (load_le<std::uint32_t>(header.data()) != kChunkMagic) return damaged("no chunk begins here");
  type_ = load_le<std::uint16_t>(header.data() + kChunkTypeAt);
  flags_ = load_le<std::uint16_t>(header.data() + kChunkFlagsAt);
  const auto sequence = load_le<std::uint64_t>(header.data() + kChunkSequenceAt);
  const auto stored_length = load_le<std::uint32_t>(header.data() + kChunkStoredLengthAt);
  raw_length_ = load_le<std::uint32_t>(header.data() + kChunkRawLengthAt);
  const auto checksum = load_le<std::uint64_t>(header.data() + kChunkChecksumAt);

  if (stored_length > kMaxChunkBytes || raw_length_ > kMaxChunkBytes) {
    return damaged("a chunk is larger than the format allows");
  }
  if (kChunkHeaderBytes + stored_length > source_.size() - chunk_offset_) return Status::cut;
  const std::string_view whole =
      source_.read_at(chunk_offset_, kChunkHeaderBytes + std::size_t{stored_length});
  if (whole.size() < kChunkHeaderBytes + std::size_t{stored_length}) return Status::cut;
  stored_ = whole.substr(kChunkHeaderBytes);

  if (chunk_checksum(file_id_, whole.substr(0, kChunkChecksumAt), stored_) != checksum) {
    return damaged("the checksum does not match");
  }

  if (sequence != position_.sequence) return damaged("a chunk is missing");
  position_.offset += whole.size();
  position_.sequence += 1;
  position_.raw_bytes += raw_length_;
  if (position_.raw_bytes > kRawSlackBytes + kRawPerFileByte * position_.offset) {
    return damaged("it expands to more than the format allows");
  }
  return Status::chunk;
}

bool ChunkReader::payload(std::string_view& out) {
  if ((flags_ & ~kFlagZstd) != 0) {
    problem_ = "a chunk is encoded in an unknown way";
    return false;
  }
  if ((flags_ & kFlagZstd) == 0) {
    out = stored_;
    if (stored_.size() == raw_length_) return true;
    problem_ = "a chunk's lengths contradict each other";
    return false;
  }
  raw_.resize(raw_length_);
  const std::size_t size =
      ZSTD_decompress(raw_.data(), raw_.size(), stored_.data(), stored_.size());
  out = raw_;
  if (ZSTD_isError(size) == 0 && size == raw_length_) return true;
  problem_ = "a chunk does not decompress";
  return false;
}

}  // namespace memwatch::capture
