#include "collector/daemon/runtime_directory.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "collector/intake/socket_files.h"

namespace memwatch::daemon {
namespace {

constexpr const char* kAttempted = "find the daemon's place";

constexpr std::string_view kOfLogins = "/run/user/";

}  // namespace

std::string runtime_directory_path(const char* xdg_runtime_dir, bool is_root) {
  const std::string_view runtime = xdg_runtime_dir != nullptr ? xdg_runtime_dir : "";
  const bool is_of_a_login = runtime.substr(0, kOfLogins.size()) == kOfLogins;
  if (is_root && (is_of_a_login || !runtime.starts_with('/'))) return "/run/memwatch";
  if (runtime.starts_with('/')) return std::string(runtime) + "/memwatch";
  const char* temporary = getenv("TMPDIR");
  const std::string base = temporary != nullptr && temporary[0] == '/' ? temporary : "/tmp";
  return base + "/memwatch-" + std::to_string(geteuid());
}

std::string control_socket_path(const std::string& runtime_directory) {
  return runtime_directory + "/daemon.sock";
}

Result<std::string> runtime_directory() {
  std::string path = runtime_directory_path(getenv("XDG_RUNTIME_DIR"), geteuid() == 0);
  if (control_socket_path(path).size() >= sizeof sockaddr_un::sun_path) {
    return Error{ErrorKind::usage, kAttempted, path,
                 "the path is too long for a socket (107 bytes in all)",
                 "set XDG_RUNTIME_DIR to a shorter one"};
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(kAttempted, path, errno);
  }
  if (!intake::is_private_directory(path)) {
    return Error{ErrorKind::system, kAttempted, path,
                 "it is no directory that this user alone can enter", "chmod 700, or remove it"};
  }
  return path;
}

}  // namespace memwatch::daemon
