#include "collector/base/parse_size.h"

#include <optional>
#include <string>

#include "collector/base/parse_number.h"

namespace memwatch {
namespace {

std::optional<std::uint64_t> factor_of(std::string_view unit) {
  if (unit.empty() || unit == "b") return 1;
  constexpr std::string_view kPrefixes = "kmgtpe";
  const std::size_t power = kPrefixes.find(unit[0]);
  if (power == std::string_view::npos) return std::nullopt;
  const std::string_view rest = unit.substr(1);
  if (!rest.empty() && rest != "b" && rest != "i" && rest != "ib") return std::nullopt;
  return std::uint64_t{1} << (10 * (power + 1));
}

Error bad_size(std::string_view text, std::string why) {
  return Error{ErrorKind::usage, "read a size", std::string(text), std::move(why),
               "sizes look like 4096, 64k, 512KiB, 1.5G"};
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::optional<NumberWithUnit> number = split_number(text);
  if (!number) return bad_size(text, "not a number with a unit");
  const std::optional<std::uint64_t> factor = factor_of(number->unit);
  if (!factor) return bad_size(text, "unknown unit '" + number->unit + "'");
  const std::optional<std::uint64_t> bytes = scaled(*number, *factor);
  if (!bytes) return bad_size(text, "not a whole number of bytes below 2^64");
  return *bytes;
}

}  // namespace memwatch
