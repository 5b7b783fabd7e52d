// Text put together in an array, without libc. What does not fit is cut off; there is always a zero
// at the end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::preload {

class Text {
 public:
  template <std::size_t N>
  explicit Text(char (&to)[N]) : at_(to), end_(to + N - 1) {
    *at_ = '\0';
  }

  Text& append(const char* text) {
    while (*text != '\0' && at_ < end_) *at_++ = *text++;
    *at_ = '\0';
    return *this;
  }

  Text& append_decimal(std::uint64_t value) {
    char digits[21] = {};
    char* first = digits + 20;
    do {
      *--first = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    return append(first);
  }

  Text& append_hex16(std::uint64_t value) {
    char digits[17] = {};
    for (unsigned i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
    return append(digits);
  }

 private:
  char* at_;
  char* end_;
};

}  // namespace memwatch::preload
