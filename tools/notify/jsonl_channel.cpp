#include "tools/notify/jsonl_channel.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"
#include "tools/notify/alert_message.h"

namespace memwatch::notify {

namespace {

Delivery failed(const std::string& path, int error) {
  return {Delivery::Result::retry, system_error("append an alert", path, error).to_line()};
}

}  // namespace

std::string JsonlChannel::payload(const alerts::Notice& notice) const {
  return alert_json_line(notice) + "\n";
}

Delivery JsonlChannel::deliver(const std::string& payload, int) {
  // A pipe without a reader does not hold the daemon up.
  const UniqueFd file(::open(
      path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
  if (!file.is_open()) return failed(path_, errno);
  struct stat before {};
  if (fstat(file.get(), &before) != 0) return failed(path_, errno);
  errno = 0;
  const ssize_t count = write(file.get(), payload.data(), payload.size());
  if (count == static_cast<ssize_t>(payload.size())) return {Delivery::Result::done, path_};
  const int error = count < 0 ? errno : ENOSPC;
  if (count > 0 && S_ISREG(before.st_mode)) {
    static_cast<void>(ftruncate(file.get(), before.st_size) == 0);
  }
  return failed(path_, error);
}

}  // namespace memwatch::notify
