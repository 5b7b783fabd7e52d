// The views of a session by name (`--view`).
// Thread safety: pure functions. Errors: an unknown name gives nullopt.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace memwatch::render {

enum class View : std::uint8_t {
  summary,
  leaks,
  peak,
  hotspots,
  temporary,
  failures,
  large,
  threads,
  modules,
  processes,
  timeline,
  sizes,
};

inline constexpr std::array<std::string_view, 12> kViewNames = {
    "summary", "leaks",   "peak",    "hotspots",  "temporary", "failures",
    "large",   "threads", "modules", "processes", "timeline",  "sizes"};

constexpr std::string_view view_name(View view) {
  return kViewNames[static_cast<std::size_t>(view)];
}

constexpr std::optional<View> view_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kViewNames.size(); ++i) {
    if (kViewNames[i] == name) return static_cast<View>(i);
  }
  return std::nullopt;
}

}  // namespace memwatch::render
