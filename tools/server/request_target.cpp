#include "tools/server/request_target.h"

#include <algorithm>

namespace memwatch::server {

namespace {

constexpr std::size_t kMaxBytes = 4096, kMaxParts = 16;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]), low = hex(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return std::nullopt;
    decoded += c;
  }
  return decoded;
}

// Cuts the text before the next `separator` off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

std::optional<RequestTarget> parse_target(std::string_view target) {
  if (target.size() > kMaxBytes || !target.starts_with('/') ||
      target.find('#') != std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view query = target;
  std::string_view path = take(query, '?');
  path.remove_prefix(1);
  RequestTarget parsed;
  while (!path.empty()) {
    const std::optional<std::string> part = decode(take(path, '/'));
    if (!part || part->empty() || *part == "." || *part == ".." ||
        part->find_first_of("/\\") != std::string::npos || parsed.path.size() >= kMaxParts) {
      return std::nullopt;
    }
    parsed.path.push_back(*part);
  }
  while (!query.empty()) {
    std::string_view pair = take(query, '&');
    const std::optional<std::string> key = decode(take(pair, '='));
    const std::optional<std::string> value = decode(pair);
    if (!key || !value || key->empty() || parsed.query.size() >= kMaxParts ||
        !parsed.query.emplace(*key, *value).second) {
      return std::nullopt;
    }
  }
  return parsed;
}

}  // namespace memwatch::server
