#include "collector/daemon/config_values.h"

#include <fmt/format.h>

#include "collector/base/parse_duration.h"
#include "collector/base/parse_size.h"

namespace memwatch::daemon {

namespace toml = toml_document;
using toml::Kind;

Error ConfigValues::wrong(const Value& at, std::string why) const {
  return toml::complaint(source_, at.line, std::move(why));
}

Error ConfigValues::wrong_kind(const Entry& entry, std::string_view what) const {
  return wrong(entry.value, entry.key + ": " + toml::expected(what, entry.value));
}

Error ConfigValues::unknown_key(const Entry& entry, std::string_view known) const {
  return wrong(entry.value, fmt::format("unknown key '{}': expected {}", entry.key, known));
}

Result<void> ConfigValues::read_seconds(const Entry& entry, std::chrono::seconds least,
                                        std::chrono::seconds* target) const {
  constexpr std::chrono::hours kMost{24};
  if (entry.value.kind != Kind::string) {
    return wrong_kind(entry, "a duration as a string, such as \"30s\"");
  }
  const Result<std::chrono::nanoseconds> duration = parse_duration(entry.value.string);
  if (!duration || *duration < least || *duration > kMost ||
      *duration % std::chrono::seconds(1) != std::chrono::nanoseconds(0)) {
    return wrong(entry.value,
                 fmt::format("{}: expected whole seconds from {} s to 24 h, found \"{}\"",
                             entry.key, least.count(), entry.value.string));
  }
  *target = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  return {};
}

Result<void> ConfigValues::read_hours(const Entry& entry, std::chrono::hours* target) const {
  constexpr std::chrono::hours kLeast{1}, kMost{24 * 366};
  const Result<std::chrono::nanoseconds> duration =
      entry.value.kind == Kind::string ? parse_duration(entry.value.string)
                                       : Result<std::chrono::nanoseconds>(wrong_kind(entry, ""));
  if (!duration || *duration < kLeast || *duration > kMost ||
      *duration % kLeast != std::chrono::nanoseconds(0)) {
    return wrong(entry.value, entry.key +
                                  ": expected whole hours or days as a string, such as \"7d\", "
                                  "from 1 h to 366 d");
  }
  *target = std::chrono::duration_cast<std::chrono::hours>(*duration);
  return {};
}

Result<std::uint64_t> ConfigValues::bytes(const Entry& entry) const {
  constexpr std::string_view kExpected = "a size such as \"64MiB\" or a number of bytes";
  const Value& value = entry.value;
  if (value.kind == Kind::integer && value.integer > 0) {
    return static_cast<std::uint64_t>(value.integer);
  }
  if (value.kind != Kind::string && value.kind != Kind::integer) {
    return wrong_kind(entry, kExpected);
  }
  const Result<std::uint64_t> size =
      parse_size(value.kind == Kind::string ? value.string : std::to_string(value.integer));
  if (!size || *size == 0) {
    return wrong(value, fmt::format("{}: expected {}, and not 0", entry.key, kExpected));
  }
  return *size;
}

Result<double> ConfigValues::number(const Entry& entry, double least, double most) const {
  const Value& value = entry.value;
  const std::string expected = fmt::format("a number from {} to {}", least, most);
  if (value.kind != Kind::integer && value.kind != Kind::real) return wrong_kind(entry, expected);
  const double number = value.kind == Kind::real ? value.real : static_cast<double>(value.integer);
  if (!(number >= least && number <= most)) {
    return wrong(value, entry.key + ": expected " + expected);
  }
  return number;
}

Result<std::string> ConfigValues::text(const Entry& entry, std::string_view what) const {
  if (entry.value.kind != Kind::string || entry.value.string.empty() ||
      entry.value.string.find('\0') != std::string::npos) {
    return wrong_kind(entry, what);
  }
  return entry.value.string;
}

Result<void> ConfigValues::read_boolean(const Entry& entry, bool* target) const {
  if (entry.value.kind != Kind::boolean) return wrong_kind(entry, "true or false");
  *target = entry.value.boolean;
  return {};
}

Result<void> ConfigValues::expect_table(const Entry& entry) const {
  if (entry.value.kind != Kind::table) return wrong_kind(entry, "a table");
  return {};
}

}  // namespace memwatch::daemon
