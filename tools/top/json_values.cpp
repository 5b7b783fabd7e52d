#include "tools/top/json_values.h"

#include <cmath>
#include <limits>

namespace memwatch::top {

Json parse_json(std::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::uint64_t count_in(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

double real_in(const Json& object, const char* key) {
  const Json& value = member(object, key);
  const double number = value.is_number() ? value.get<double>() : 0;
  return std::isfinite(number) ? number : 0;
}

std::string text_in(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int32_t pid_in(const Json& object, const char* key) {
  const std::uint64_t number = count_in(object, key);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
  return number <= kMost ? static_cast<std::int32_t>(number) : 0;
}

}  // namespace memwatch::top
