#include "collector/intake/leaks_answer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace memwatch::intake {

namespace {

constexpr const char* kAttempted = "read the answer";

bool is_theirs(int descriptor, uid_t user, mode_t kind) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && status.st_uid == user &&
         (status.st_mode & S_IFMT) == kind;
}

Error not_believed(const std::string& path) {
  return Error{ErrorKind::damaged,
               kAttempted,
               path,
               "it is no file of who was asked, beside the socket",
               {}};
}

}  // namespace

Result<UniqueFd> take_leaks_answer(const std::string& socket_path, const std::string& path,
                                   uid_t listener) {
  const std::size_t slash = socket_path.rfind('/');
  if (slash == std::string::npos || path.compare(0, slash + 1, socket_path, 0, slash + 1) != 0) {
    return not_believed(path);
  }
  const std::string name = path.substr(slash + 1);
  if (name.find('/') != std::string::npos) return not_believed(path);
  // By descriptors from here on: names above may come to lead elsewhere at any moment.
  const UniqueFd directory(
      open(socket_path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return system_error(kAttempted, path, errno);
  if (!is_theirs(directory.get(), listener, S_IFDIR)) return not_believed(path);
  // A fifo would be waited for.
  UniqueFd file(openat(directory.get(), name.c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open()) {
    return errno == ELOOP ? not_believed(path) : system_error(kAttempted, path, errno);
  }
  if (!is_theirs(file.get(), listener, S_IFREG)) return not_believed(path);
  // What cannot be removed stays; the listener's directory goes when it ends, if it is empty.
  unlinkat(directory.get(), name.c_str(), 0);
  return file;
}

}  // namespace memwatch::intake
