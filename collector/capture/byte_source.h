// Where the reader gets bytes: a file, or a span of memory (tests, fuzzing). Reading in pieces
// keeps the memory for a huge or sparse file down to one chunk. Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::capture {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Up to `length` bytes from `offset`, fewer at the end or where reading fails. Valid until the
  // next call.
  virtual std::string_view read_at(std::uint64_t offset, std::size_t length) = 0;

 protected:
  ByteSource() = default;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes)
      : bytes_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  std::string_view read_at(std::uint64_t offset, std::size_t length) override;

 private:
  std::string_view bytes_;
};

class FileSource : public ByteSource {
 public:
  // Error: not_found where there is no such file, system where it cannot be opened, damaged where
  // it is no regular file.
  static Result<FileSource> open(const std::string& path);
  FileSource(FileSource&& other) noexcept;
  ~FileSource() override = default;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  std::string_view read_at(std::uint64_t offset, std::size_t length) override;

 private:
  FileSource(UniqueFd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}
  UniqueFd fd_;
  std::uint64_t size_ = 0;  // as of opening; a recorder that is still writing may go on
  std::string buffer_;
};

}  // namespace memwatch::capture
