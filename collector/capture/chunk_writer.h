// Frames payloads as chunks in a buffer: header, checksum, compression where it pays. Used by the
// session writer for one group at a time; not thread-safe; nothing here touches a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/capture/session_format.h"

namespace memwatch::capture {

// Where in a file the next chunk goes, and what the file's limits have seen so far.
struct ChunkPosition {
  std::uint64_t offset = kFileHeaderBytes;
  std::uint64_t sequence = 0;   // chunks before this one
  std::uint64_t raw_bytes = 0;  // raw payload bytes before this one
};

// The 32 bytes that open a file.
std::string make_file_header(std::uint64_t file_id);

class ChunkWriter {
 public:
  ChunkWriter(std::uint64_t file_id, ChunkPosition start) : file_id_(file_id), position_(start) {}

  // Payloads above kMaxChunkBytes cannot be read back; the encoders stay below.
  void add(ChunkType type, std::string_view payload);

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] ChunkPosition end() const { return position_; }

 private:
  std::uint64_t file_id_;
  ChunkPosition position_;
  std::string bytes_;
  std::string scratch_;
};

// Collects messages of one table into chunks of about kChunkTargetBytes: each message becomes one
// entry of field 1 of the chunk's payload. Call flush() after the last.
class TableChunks {
 public:
  TableChunks(ChunkWriter& chunks, ChunkType type) : chunks_(chunks), type_(type) {}
  void add(std::string_view message);
  void flush();

 private:
  ChunkWriter& chunks_;
  ChunkType type_;
  std::string payload_;
};

}  // namespace memwatch::capture
