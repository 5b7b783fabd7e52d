#include "tools/render/printable.h"

#include <cstdint>

namespace memwatch::render {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  // 0: not a well-formed sequence
};

// Well-formed as in table 3-7 of the Unicode standard: no overlong forms, surrogates or values
// above 10FFFF.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  std::size_t length = 0;
  std::uint32_t value = 0, least = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, value = first & 0x1FU, least = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, value = first & 0x0FU, least = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, value = first & 0x07U, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

bool in(std::uint32_t c, std::uint32_t first, std::uint32_t last) {
  return c >= first && c <= last;
}

bool drives_terminal(std::uint32_t c) {
  return c < 0x20 || in(c, 0x7F, 0x9F) || in(c, 0x202A, 0x202E) || in(c, 0x2066, 0x2069) ||
         in(c, 0x2028, 0x2029) || in(c, 0x200E, 0x200F);
}

std::size_t width_of(std::uint32_t c) {
  if (in(c, 0x0300, 0x036F) || in(c, 0x200B, 0x200F) || in(c, 0x20D0, 0x20FF) ||
      in(c, 0xFE00, 0xFE0F)) {
    return 0;
  }
  if (in(c, 0x1100, 0x115F) || in(c, 0x2E80, 0x303E) || in(c, 0x3041, 0xA4CF) ||
      in(c, 0xAC00, 0xD7A3) || in(c, 0xF900, 0xFAFF) || in(c, 0xFE30, 0xFE6F) ||
      in(c, 0xFF00, 0xFF60) || in(c, 0xFFE0, 0xFFE6) || in(c, 0x1F300, 0x1FAFF) ||
      in(c, 0x20000, 0x3FFFD)) {
    return 2;
  }
  return 1;
}

// What it becomes: itself, or `instead`.
template <typename Instead>
std::string cleaned(std::string_view text, Instead instead) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    const std::size_t length = next.length == 0 ? 1 : next.length;
    const std::string_view other = next.length == 0 ? kReplacement : instead(next.code_point);
    clean += other.empty() ? text.substr(0, length) : other;
    text.remove_prefix(length);
  }
  return clean;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  return cleaned(text, [](std::uint32_t) { return std::string_view{}; });
}

std::string printable(std::string_view text) {
  return cleaned(text, [](std::uint32_t c) {
    if (c == '\n' || c == '\t') return std::string_view(" ");
    return drives_terminal(c) ? kReplacement : std::string_view{};
  });
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Decoded next = decode(text);
    width += next.length == 0 ? 1 : width_of(next.code_point);
    text.remove_prefix(next.length == 0 ? 1 : next.length);
  }
  return width;
}

std::string_view head_of_width(std::string_view text, std::size_t width) {
  std::size_t end = 0, used = 0;
  while (end < text.size()) {
    const Decoded next = decode(text.substr(end));
    const std::size_t columns = next.length == 0 ? 1 : width_of(next.code_point);
    if (used + columns > width) break;
    used += columns;
    end += next.length == 0 ? 1 : next.length;
  }
  return text.substr(0, end);
}

std::string_view tail_of_width(std::string_view text, std::size_t width) {
  const std::size_t whole = display_width(text);
  if (whole <= width) return text;
  std::size_t start = 0, left = whole;
  while (start < text.size() && left > width) {
    const Decoded next = decode(text.substr(start));
    left -= next.length == 0 ? 1 : width_of(next.code_point);
    start += next.length == 0 ? 1 : next.length;
  }
  return text.substr(start);
}

}  // namespace memwatch::render
