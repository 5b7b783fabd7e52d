#include "collector/recording/injection.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "collector/base/parse_size.h"
#include "shared/segment_layout.h"

namespace memwatch::recording {

namespace {

constexpr auto kConditions = std::to_array<std::string_view>(
    {"nth=", "every=", "prob=", "size>=", "over=", "stack=", "site=", "before-main"});

constexpr const char* kKnown =
    "conditions are nth=N, nth=N+, every=N, prob=P:seed=S, size>=SIZE, over=SIZE, stack=REGEX, "
    "site=ID and before-main, joined by commas";

Error refused(std::string_view spec, std::string why, std::string remedy = {}) {
  return Error{ErrorKind::usage, "understand --inject-failure", std::string(spec), std::move(why),
               std::move(remedy)};
}

bool begins_condition(std::string_view text) {
  return std::any_of(kConditions.begin(), kConditions.end(),
                     [&](std::string_view name) { return text.starts_with(name); });
}

// A comma in a regular expression is one of its own unless a condition follows.
std::string_view take_condition(std::string_view& rest) {
  std::size_t comma = rest.find(',');
  if (rest.starts_with("stack=")) {
    while (comma != std::string_view::npos && !begins_condition(rest.substr(comma + 1))) {
      comma = rest.find(',', comma + 1);
    }
  }
  const std::string_view condition = rest.substr(0, comma);
  rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  return condition;
}

std::optional<std::uint64_t> number_in(std::string_view text, int base = 10) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "" taken; else why not.
std::string take_nth(std::string_view value, Injection& to) {
  to.later_too = value.ends_with('+');
  if (to.later_too) value.remove_suffix(1);
  const auto number = number_in(value);
  if (!number || *number == 0) return "nth is the number of a call, from 1 (nth=3, or nth=3+)";
  to.first_failing = *number;
  return {};
}

std::string take_every(std::string_view value, Injection& to) {
  const auto number = number_in(value);
  if (!number || *number == 0) return "every is a number of calls, from 1";
  to.every = *number;
  return {};
}

std::string take_chance(std::string_view value, Injection& to) {
  constexpr std::string_view kSeed = ":seed=";
  if (const std::size_t colon = value.find(kSeed); colon != std::string_view::npos) {
    const auto seed = number_in(value.substr(colon + kSeed.size()));
    if (!seed) return "the seed is a whole number (prob=0.01:seed=7)";
    to.seed = *seed;
    value = value.substr(0, colon);
  }
  double chance = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), chance);
  const bool is_number = error == std::errc{} && end == value.data() + value.size();
  if (!is_number || !(chance > 0 && chance <= 1)) {
    return "prob is a probability above 0, at most 1 (prob=0.01:seed=7)";
  }
  to.chance = chance;
  return {};
}

std::string take_size(std::string_view value, Injection& to) {
  const Result<std::uint64_t> size = parse_size(value);
  if (!size || *size == 0) return "size>= is a size above 0, like 64KiB";
  to.least_size = *size;
  return {};
}

std::string take_over(std::string_view value, Injection& to) {
  const Result<std::uint64_t> size = parse_size(value);
  if (!size || *size == protocol::kNoLimit) return "over is a size, like 100MiB";
  to.heap_bytes = *size;
  return {};
}

std::string take_stack(std::string_view value, Injection& to) {
  if (value.empty()) return "stack is a regular expression";
  to.stack_pattern = value;
  return {};
}

std::string take_site(std::string_view value, Injection& to) {
  const auto site = value.size() == 16 ? number_in(value, 16) : std::nullopt;
  if (!site) return "site is 16 hexadecimal digits, as memwatch oom-sweep tells them";
  to.site = *site;
  return {};
}

std::string take(std::string_view condition, std::string_view name, Injection& to) {
  const std::string_view value = condition.substr(name.size());
  if (name == "nth=") return take_nth(value, to);
  if (name == "every=") return take_every(value, to);
  if (name == "prob=") return take_chance(value, to);
  if (name == "size>=") return take_size(value, to);
  if (name == "over=") return take_over(value, to);
  if (name == "stack=") return take_stack(value, to);
  if (name == "site=") return take_site(value, to);
  to.before_main = true;
  return value.empty() ? std::string{} : "before-main takes no value";
}

}  // namespace

Result<Injection> parse_injection(std::string_view spec) {
  Injection injection;
  if (spec.empty()) return refused(spec, "no condition", kKnown);
  std::array<bool, kConditions.size()> seen{};
  std::string_view rest = spec;
  bool ends_in_comma = false;
  do {
    ends_in_comma = rest.ends_with(',');
    const std::string_view condition = take_condition(rest);
    const auto* const known =
        std::find_if(kConditions.begin(), kConditions.end(),
                     [&](std::string_view name) { return condition.starts_with(name); });
    if (known == kConditions.end()) {
      return refused(spec,
                     condition.empty() ? "a condition is empty"
                                       : "unknown condition " + std::string(condition),
                     kKnown);
    }
    bool& is_double = seen[static_cast<std::size_t>(known - kConditions.begin())];
    if (is_double) return refused(spec, std::string(*known) + " is given twice");
    is_double = true;
    if (std::string why = take(condition, *known, injection); !why.empty()) {
      return refused(spec, std::move(why));
    }
  } while (!rest.empty());
  if (ends_in_comma) return refused(spec, "it ends in a comma");
  if (seen[0] + seen[1] + seen[2] > 1) {
    return refused(spec, "nth, every and prob each say which calls fail", "give one of them");
  }
  if (!injection.stack_pattern.empty() && injection.site) {
    return refused(spec, "site names one stack already", "leave out stack");
  }
  if (injection.before_main && std::count(seen.begin(), seen.end(), true) == 1) {
    return refused(spec, "every allocation would fail, from the first on", "add a condition");
  }
  return injection;
}

}  // namespace memwatch::recording
