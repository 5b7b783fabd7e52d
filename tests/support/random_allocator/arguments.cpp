#include "tests/support/random_allocator/arguments.h"

#include <cstdlib>
#include <string_view>

namespace memwatch::random_allocator {
namespace {

std::optional<std::uint64_t> parse_number(const char* text) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0') return std::nullopt;
  return value;
}

std::optional<Mix> parse_mix(std::string_view name) {
  if (name == "heap") return Mix{};
  if (name == "failures") return Mix{.failures = true};
  if (name == "mappings") return Mix{.mappings = true};
  if (name == "all") return Mix{.failures = true, .mappings = true};
  return std::nullopt;
}

}  // namespace

std::optional<Arguments> parse_arguments(int count, const char* const* values) {
  if (count != 5) return std::nullopt;
  const auto seed = parse_number(values[1]);
  const auto threads = parse_number(values[2]);
  const auto operations = parse_number(values[3]);
  const auto mix = parse_mix(values[4]);
  if (!seed || !threads || !operations || !mix) return std::nullopt;
  if (*threads < 1 || *threads > 64 || *operations > 100'000'000) return std::nullopt;
  return Arguments{*seed, static_cast<unsigned>(*threads), static_cast<unsigned>(*operations),
                   *mix};
}

}  // namespace memwatch::random_allocator
