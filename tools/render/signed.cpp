#include "tools/render/signed.h"

#include <fmt/format.h>

#include "tools/render/human.h"

namespace memwatch::render {
namespace {

const char* sign(std::uint64_t before, std::uint64_t after) {
  if (before == after) return "±";
  return after > before ? "+" : "−";
}

std::uint64_t distance(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : before - after;
}

}  // namespace

std::string signed_bytes(std::uint64_t before, std::uint64_t after) {
  return sign(before, after) + human_bytes(distance(before, after));
}

std::string signed_count(std::uint64_t before, std::uint64_t after) {
  return sign(before, after) + human_count(distance(before, after));
}

std::string signed_percent(std::uint64_t before, std::uint64_t after) {
  if (before == after) return "±0 %";
  if (before == 0) return "";
  const double share = static_cast<double>(distance(before, after)) / static_cast<double>(before);
  if (after > before && share >= 9) return fmt::format("×{:.0f}", share + 1);
  if (share < 0.001) return std::string(sign(before, after)) + "<0.1 %";
  // Next to everything gone is not everything.
  if (after != 0 && after < before && share >= 0.9995) return "−>99.9 %";
  return fmt::format("{}{:.1f} %", sign(before, after), share * 100);
}

}  // namespace memwatch::render
