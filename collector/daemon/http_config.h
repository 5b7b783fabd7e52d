// [http] of memwatch.toml: where the daemon answers requests, and what it asks for there. Plain
// data and its reader. Thread safety: pure functions. Errors: as config.h.
//
//   [http]
//   listen = "0.0.0.0:7676"               # --listen goes before it
//   token_file = "/etc/memwatch/token"    # or token = "…", where memwatch.toml itself is private
//   certificate = "/etc/memwatch/cert.pem"  # with those up to its issuer's; encrypted with its key
//   key = "/etc/memwatch/key.pem"
//   plain = true                          # not encrypted, although other machines may ask
#pragma once

#include <string>

#include "collector/base/result.h"
#include "collector/daemon/config_values.h"

namespace memwatch::daemon {

struct HttpSettings {
  std::string listen;             // "": as by default
  std::string token, token_file;  // one of them, or neither
  std::string certificate, key;   // both, or neither
  bool plain = false;

  bool operator==(const HttpSettings&) const = default;
};

Result<void> read_http_settings(const ConfigValues& values, const toml_document::Value& table,
                                HttpSettings* settings);

}  // namespace memwatch::daemon
