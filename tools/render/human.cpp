#include "tools/render/human.h"

#include <fmt/format.h>

#include <array>

namespace memwatch::render {
namespace {

// Three digits: "1.50", "34.1", "512".
std::string three_digits(double value) {
  if (value < 9.995) return fmt::format("{:.2f}", value);
  if (value < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.5 would print as 1024: the next unit already.
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  if (value < 99.95) return fmt::format("{:.1f} {}", value, kUnits[unit]);
  return fmt::format("{:.0f} {}", value, kUnits[unit]);
}

std::string exact_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string human_count(std::uint64_t count) {
  if (count < 1'000'000) return exact_count(count);
  constexpr std::array<char, 4> kUnits = {'M', 'G', 'T', 'P'};
  double value = static_cast<double>(count) / 1e6;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return three_digits(value) + kUnits[unit];
}

std::string human_duration(double seconds) {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 0.0009995) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  if (seconds > 1e9) return "more than 30 years";
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string human_percent(double share) {
  if (!(share > 0)) return "0 %";
  if (share < 0.001) return "<0.1 %";
  if (share >= 1) return "100 %";
  if (share >= 0.9995) return ">99.9 %";
  return fmt::format("{:.1f} %", share * 100);
}

std::string human_rate(double per_second) {
  if (!(per_second > 0)) return "0/s";
  if (per_second < 999.5) return fmt::format("{:.0f}/s", per_second);
  if (per_second < 999.5e3) return three_digits(per_second / 1e3) + "k/s";
  return three_digits(per_second / 1e6) + "M/s";
}

std::string counted(std::uint64_t count, const char* singular, const char* plural) {
  return fmt::format("{} {}", human_count(count), count == 1 ? singular : plural);
}

}  // namespace memwatch::render
