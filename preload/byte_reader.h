// Bounded reading of DWARF-style bytes: never past the end, a failure sticks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace memwatch::preload {

class ByteReader {
 public:
  ByteReader(const std::uint8_t* from, std::size_t size) : at_(from), end_(from + size) {}

  [[nodiscard]] const std::uint8_t* at() const { return at_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] bool failed() const { return failed_; }

  void move_to(const std::uint8_t* position) {
    if (position < at_ || position > end_) {
      fail();
    } else {
      at_ = position;
    }
  }
  void skip(std::uint64_t bytes) {
    if (bytes > left()) {
      fail();
    } else {
      at_ += bytes;
    }
  }

  template <typename T>
  T fixed() {
    T value{};
    if (left() < sizeof(T)) {
      fail();
      return value;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t byte = fixed<std::uint8_t>();
      if (failed_) return 0;
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }

  std::int64_t sleb() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    std::uint8_t byte = 0;
    do {
      byte = fixed<std::uint8_t>();
      if (failed_) return 0;
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      shift += 7;
    } while ((byte & 0x80) != 0);
    if (shift < 64 && (byte & 0x40) != 0) value |= ~0ULL << shift;
    return static_cast<std::int64_t>(value);
  }

 private:
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

}  // namespace memwatch::preload
