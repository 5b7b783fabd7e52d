// The bytes of a fuzzer's input, taken one after another; what is missing at the end is zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace memwatch::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  [[nodiscard]] bool empty() const { return at_ == end_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  template <typename T>
  T take() {
    T value{};
    const std::size_t size = left() < sizeof(T) ? left() : sizeof(T);
    if (size > 0) std::memcpy(&value, at_, size);
    at_ += size;
    return value;
  }

  // At most `size` bytes.
  std::string_view take_bytes(std::size_t size) {
    if (size > left()) size = left();
    const std::string_view bytes(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return bytes;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

}  // namespace memwatch::fuzz
