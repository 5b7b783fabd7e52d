#include "tools/server/http_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "collector/base/unique_fd.h"

namespace memwatch::server {

namespace {

constexpr std::size_t kLeast = 16, kMost = 256;
constexpr const char* kAttempted = "read the token of requests";

Error wrong(const std::string& path, std::string why, std::string remedy = "") {
  return Error{ErrorKind::usage, kAttempted, path, std::move(why), std::move(remedy)};
}

// Of one that is open, so that it is the one that is read.
Result<void> is_private(int descriptor, const std::string& path) {
  struct stat about {};
  if (fstat(descriptor, &about) != 0) return system_error(kAttempted, path, errno);
  if (!S_ISREG(about.st_mode)) return wrong(path, "is no file");
  if (about.st_uid != geteuid() && about.st_uid != 0) return wrong(path, "belongs to another user");
  if ((about.st_mode & 077) != 0) {
    return wrong(path, "others on this machine may read or change it", "chmod 600 " + path);
  }
  return {};
}

Result<UniqueFd> open_private(const std::string& path) {
  // A pipe in its place must not be waited for.
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    const int error = errno;
    Error failed = system_error(kAttempted, path, error);
    failed.kind = ErrorKind::usage;
    return failed;
  }
  if (const auto fits = is_private(file.get(), path); !fits) return fits.error();
  return file;
}

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
  Result<UniqueFd> file = open_private(path);
  if (!file) return file.error();
  std::string token = settings.token;
  if (!is_in_config) {
    std::array<char, kMost + 3> bytes{};
    const ssize_t got = read(file->get(), bytes.data(), bytes.size());
    if (got < 0) return system_error(kAttempted, path, errno);
    token.assign(bytes.data(), static_cast<std::size_t>(got));
    token.resize(std::min(token.size(), token.find_first_of("\r\n")));
  }
  const std::string why = why_no_token(token);
  if (!why.empty()) return wrong(path, why, "openssl rand -hex 32 makes one");
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
  if (!settings.plain) {
    return refused("other machines can reach it, and nothing is encrypted, the token neither",
                   "listen on 127.0.0.1 behind ssh -L or a proxy with TLS; or, in a network that "
                   "nobody listens to, memwatch.toml: [http] plain = true");
  }
  return {};
}

}  // namespace memwatch::server
