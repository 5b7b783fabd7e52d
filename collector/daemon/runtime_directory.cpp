#include "collector/daemon/runtime_directory.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "collector/intake/socket_files.h"

namespace memwatch::daemon {
namespace {

constexpr const char* kAttempted = "find the daemon's place";

std::string wanted_path() {
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') return std::string(runtime) + "/memwatch";
  if (geteuid() == 0) return "/run/memwatch";
  const char* temporary = getenv("TMPDIR");
  const std::string base = temporary != nullptr && temporary[0] == '/' ? temporary : "/tmp";
  return base + "/memwatch-" + std::to_string(geteuid());
}

}  // namespace

std::string control_socket_path(const std::string& runtime_directory) {
  return runtime_directory + "/daemon.sock";
}

Result<std::string> runtime_directory() {
  std::string path = wanted_path();
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
