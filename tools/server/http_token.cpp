#include "tools/server/http_token.h"

#include <algorithm>

#include "tools/server/private_file.h"

namespace memwatch::server {

namespace {

constexpr std::size_t kLeast = 16, kMost = 256;
constexpr const char* kAttempted = "read the token of requests";

constexpr mode_t kForOthers = 077;

std::string why_no_token(const std::string& token) {
  if (token.size() < kLeast) return "a token has 16 characters or more";
  if (token.size() > kMost) return "a token has 256 characters at most";
  const bool is_plain = std::all_of(token.begin(), token.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f;
  });
  return is_plain ? "" : "a token has neither blanks nor characters beyond ASCII";
}

}  // namespace

Result<std::string> read_token(const daemon::HttpSettings& settings,
                               const std::string& config_path) {
  const bool is_in_config = !settings.token.empty();
  if (!is_in_config && settings.token_file.empty()) return std::string{};
  const std::string& path = is_in_config ? config_path : settings.token_file;
  std::string token = settings.token;
  if (is_in_config) {
    if (const auto fits = check_private_file(path, kForOthers, kAttempted); !fits) {
      return fits.error();
    }
  } else {
    Result<std::string> text = read_private_file(path, kMost + 3, kForOthers, kAttempted);
    if (!text) return text.error();
    token = *std::move(text);
    token.resize(std::min(token.size(), token.find_first_of("\r\n")));
  }
  const std::string why = why_no_token(token);
  if (!why.empty()) {
    return Error{ErrorKind::usage, kAttempted, path, why, "openssl rand -hex 32 makes one"};
  }
  return token;
}

Result<void> may_listen(const ListenAddress& address, const daemon::HttpSettings& settings) {
  if (address.is_loopback) return {};
  const auto refused = [&](std::string why, std::string remedy) {
    return Error{ErrorKind::usage, "listen for requests", address.text(), std::move(why),
                 std::move(remedy)};
  };
  if (settings.token.empty() && settings.token_file.empty()) {
    return refused("other machines can reach it, and it has no token",
                   "memwatch.toml: [http] token_file = \"FILE\"");
  }
  if (settings.certificate.empty() && !settings.plain) {
    return refused(
        "other machines can reach it, and nothing is encrypted, the token neither",
        "memwatch.toml: [http] certificate = \"FILE\" and key = \"FILE\"; or listen on "
        "127.0.0.1 behind ssh -L; or, in a network that nobody listens to, plain = true");
  }
  return {};
}

}  // namespace memwatch::server
