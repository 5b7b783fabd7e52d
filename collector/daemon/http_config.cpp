#include "collector/daemon/http_config.h"

namespace memwatch::daemon {

Result<void> read_http_settings(const ConfigValues& values, const toml_document::Value& table,
                                HttpSettings* settings) {
  for (const toml_document::Entry& entry : table.table) {
    if (entry.key == "plain") {
      if (const auto done = values.read_boolean(entry, &settings->plain); !done) return done;
      continue;
    }
    std::string* const target = entry.key == "listen"       ? &settings->listen
                                : entry.key == "token"      ? &settings->token
                                : entry.key == "token_file" ? &settings->token_file
                                                            : nullptr;
    if (target == nullptr) {
      return values.unknown_key(entry, "listen, token, token_file or plain");
    }
    Result<std::string> text =
        values.text(entry, target == &settings->listen ? "ADDRESS:PORT or off as a string"
                                                       : "a string that is not empty");
    if (!text) return text.error();
    *target = *std::move(text);
    if (!settings->token.empty() && !settings->token_file.empty()) {
      return values.wrong(entry.value, "token and token_file: one of them is enough");
    }
  }
  return {};
}

}  // namespace memwatch::daemon
