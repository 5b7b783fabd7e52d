// Where a server listens. Thread safety: pure functions. Errors: kind usage, one line.
#pragma once

#include <cstdint>
#include <string>

#include "collector/base/result.h"

namespace memwatch::server {

struct ListenAddress {
  std::string host;  // 127.0.0.1, ::1
  std::uint16_t port = 0;
  bool is_loopback = true;  // no other machine can reach it

  [[nodiscard]] std::string text() const;  // "127.0.0.1:7676", "[::1]:7676"
};

// From the above text. Error: not of this form; or, unless asked for, reachable for other machines.
Result<ListenAddress> parse_listen_address(const std::string& text, bool may_be_reached = false);

}  // namespace memwatch::server
