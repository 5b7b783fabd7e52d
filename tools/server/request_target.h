// The path and the query of a request, decoded and bounded. Bytes are hostile: what is no target of
// ours (control characters, bad escapes, "." and ".." as parts, keys twice) is refused as a whole.
// Source of the syntax: RFC 3986. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::server {

struct RequestTarget {
  std::vector<std::string> path;  // "/api/v1/status": api, v1, status; "/" is empty
  std::map<std::string, std::string> query;
};

std::optional<RequestTarget> parse_target(std::string_view target);

}  // namespace memwatch::server
