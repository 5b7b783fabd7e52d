#include "collector/daemon/http_config.h"

namespace memwatch::daemon {

Result<void> read_http_settings(const ConfigValues& values, const toml_document::Value& table,
                                HttpSettings* settings) {
  const toml_document::Entry* last_of_tls = nullptr;
  for (const toml_document::Entry& entry : table.table) {
    if (entry.key == "plain") {
      if (const auto done = values.read_boolean(entry, &settings->plain); !done) return done;
      continue;
    }
    std::string* const target = entry.key == "listen"        ? &settings->listen
                                : entry.key == "token"       ? &settings->token
                                : entry.key == "token_file"  ? &settings->token_file
                                : entry.key == "certificate" ? &settings->certificate
                                : entry.key == "key"         ? &settings->key
                                                             : nullptr;
    if (target == nullptr) {
      return values.unknown_key(entry, "listen, token, token_file, certificate, key or plain");
    }
    Result<std::string> text =
        values.text(entry, target == &settings->listen ? "ADDRESS:PORT or off as a string"
                                                       : "a string that is not empty");
    if (!text) return text.error();
    *target = *std::move(text);
    if (!settings->token.empty() && !settings->token_file.empty()) {
      return values.wrong(entry.value, "token and token_file: one of them is enough");
    }
    if (target == &settings->certificate || target == &settings->key) last_of_tls = &entry;
  }
  if (last_of_tls != nullptr && (settings->certificate.empty() || settings->key.empty())) {
    return values.wrong(last_of_tls->value, "certificate and key: both are needed");
  }
  if (last_of_tls != nullptr && settings->plain) {
    return values.wrong(last_of_tls->value, "plain = true does not go with a certificate");
  }
  return {};
}

}  // namespace memwatch::daemon
