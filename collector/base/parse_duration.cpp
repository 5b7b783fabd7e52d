#include "collector/base/parse_duration.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "collector/base/parse_number.h"

namespace memwatch {
namespace {

using std::chrono::nanoseconds;

std::optional<nanoseconds> unit_of(std::string_view unit, nanoseconds bare_unit) {
  if (unit.empty()) return bare_unit;
  if (unit == "ns") return nanoseconds(1);
  if (unit == "us" || unit == "µs") return std::chrono::microseconds(1);
  if (unit == "ms") return std::chrono::milliseconds(1);
  if (unit == "s" || unit == "sec") return std::chrono::seconds(1);
  if (unit == "m" || unit == "min") return std::chrono::minutes(1);
  if (unit == "h") return std::chrono::hours(1);
  if (unit == "d") return std::chrono::hours(24);
  return std::nullopt;
}

Error bad_duration(std::string_view text, std::string why) {
  return Error{ErrorKind::usage, "read a duration", std::string(text), std::move(why),
               "durations look like 30s, 500ms, 1.5m, 2h"};
}

}  // namespace

Result<nanoseconds> parse_duration(std::string_view text, nanoseconds bare_unit) {
  const std::optional<NumberWithUnit> number = split_number(text);
  if (!number) return bad_duration(text, "not a number with a unit");
  const std::optional<nanoseconds> unit = unit_of(number->unit, bare_unit);
  if (!unit) return bad_duration(text, "unknown unit '" + number->unit + "'");
  const std::optional<std::uint64_t> count =
      scaled(*number, static_cast<std::uint64_t>(unit->count()));
  if (!count || *count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return bad_duration(text, "too long, or finer than a nanosecond");
  }
  return nanoseconds(static_cast<std::int64_t>(*count));
}

}  // namespace memwatch
