// Walks the chunks of a session file, checking each before showing it. Every byte is hostile:
// lengths are limited before anything is allocated, checksums come before decompression.
// Used by the session reader; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/base/result.h"
#include "collector/capture/byte_source.h"
#include "collector/capture/chunk_writer.h"
#include "collector/capture/session_format.h"

namespace memwatch::capture {

// Checks the file header and returns the file id. The Error is of kind damaged and says which of
// foreign, newer, or damaged the file is; its subject is left for the caller.
Result<std::uint64_t> read_file_header(ByteSource& source);

class ChunkReader {
 public:
  enum class Status {
    chunk,    // type() and payload() are valid
    end,      // the bytes end exactly after a chunk
    cut,      // the bytes end inside a chunk
    damaged,  // problem() says why
  };

  ChunkReader(ByteSource& source, std::uint64_t file_id) : source_(source), file_id_(file_id) {}

  Status next();
  // The raw payload, decompressed now; false where that fails (problem() says why).
  // Valid until the next call of anything here.
  bool payload(std::string_view& out);

  [[nodiscard]] std::uint16_t type() const { return type_; }
  [[nodiscard]] const ChunkPosition& position() const { return position_; }  // after the chunk
  [[nodiscard]] std::uint64_t chunk_offset() const { return chunk_offset_; }
  [[nodiscard]] const char* problem() const { return problem_; }

 private:
  Status damaged(const char* problem);

  ByteSource& source_;
  std::uint64_t file_id_;
  ChunkPosition position_;
  std::uint64_t chunk_offset_ = kFileHeaderBytes;
  std::uint16_t type_ = 0;
  std::uint16_t flags_ = 0;
  std::uint32_t raw_length_ = 0;
  std::string_view stored_;
  std::string raw_;
  const char* problem_ = "";
};

}  // namespace memwatch::capture
