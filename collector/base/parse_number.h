// A decimal number with an optional fraction, and the unit behind it; what sizes and durations
// share. The number is kept exactly, as digits / 10^scale. Thread safety: pure functions. Errors:
// nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch {

struct NumberWithUnit {
  std::uint64_t digits = 0;   // 15 for "1.5"
  std::uint64_t divisor = 1;  // 10 for "1.5"
  std::string unit;           // lower case, "" if none
};

// At most 18 digits, of them at most 9 behind the point; blanks between number and unit are
// allowed.
std::optional<NumberWithUnit> split_number(std::string_view text);

// digits · factor / divisor if that is a whole number below 2^64.
std::optional<std::uint64_t> scaled(const NumberWithUnit& number, std::uint64_t factor);

}  // namespace memwatch
