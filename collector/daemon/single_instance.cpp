#include "collector/daemon/single_instance.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "collector/procfs/text.h"

namespace memwatch::daemon {

Result<SingleInstance> SingleInstance::claim(const std::string& runtime_directory) {
  const std::string path = runtime_directory + "/daemon.lock";
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return system_error("start the daemon", path, errno);
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("start the daemon", path, errno);
    const std::string pid(procfs::trim(procfs::read_text(path, 32).value_or("")));
    return Error{ErrorKind::usage, "start the daemon", runtime_directory,
                 "one runs already" + (pid.empty() ? "" : " (pid " + pid + ")"),
                 "memwatch status shows it"};
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(file.get(), 0) != 0 ||
      write(file.get(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
    return system_error("start the daemon", path, errno);
  }
  return SingleInstance(std::move(file));
}

}  // namespace memwatch::daemon
