#include "collector/base/parse_number.h"

#include <numeric>

namespace memwatch {

std::optional<NumberWithUnit> split_number(std::string_view text) {
  constexpr std::size_t kMostDigits = 20, kMostFraction = 9;
  NumberWithUnit number;
  std::size_t i = 0, digits = 0, fraction = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point && digits > 0) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    if (++digits > kMostDigits || (point && ++fraction > kMostFraction)) return std::nullopt;
    if (__builtin_mul_overflow(number.digits, 10U, &number.digits) ||
        __builtin_add_overflow(number.digits, static_cast<std::uint64_t>(c - '0'),
                               &number.digits)) {
      return std::nullopt;
    }
    if (point) number.divisor *= 10;
  }
  if (digits == 0 || (point && fraction == 0)) return std::nullopt;
  while (i < text.size() && text[i] == ' ') ++i;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    number.unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return number;
}

std::optional<std::uint64_t> scaled(const NumberWithUnit& number, std::uint64_t factor) {
  // Cancelled first, so that nothing overflows that does not have to.
  const std::uint64_t common = std::gcd(factor, number.divisor);
  const std::uint64_t divisor = number.divisor / common;
  if (number.digits % divisor != 0) return std::nullopt;
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(number.digits / divisor, factor / common, &result)) {
    return std::nullopt;
  }
  return result;
}

}  // namespace memwatch
