#include "tools/server/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "collector/base/unique_fd.h"

namespace memwatch::server {

namespace {

Error wrong(const char* attempted, const std::string& path, std::string why,
            std::string remedy = "") {
  return Error{ErrorKind::usage, attempted, path, std::move(why), std::move(remedy)};
}

Error failed(const char* attempted, const std::string& path, int number) {
  Error error = system_error(attempted, path, number);
  error.kind = ErrorKind::usage;
  return error;
}

Result<UniqueFd> open_private(const std::string& path, mode_t forbidden, const char* attempted) {
  // A pipe in its place must not be waited for.
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return failed(attempted, path, errno);
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return failed(attempted, path, errno);
  if (!S_ISREG(about.st_mode)) return wrong(attempted, path, "is no file");
  if (forbidden != 0 && about.st_uid != geteuid() && about.st_uid != 0) {
    return wrong(attempted, path, "belongs to another user");
  }
  if ((about.st_mode & forbidden) != 0) {
    return wrong(attempted, path, "others on this machine may read or change it",
                 "chmod 600 " + path);
  }
  return file;
}

}  // namespace

Result<std::string> read_private_file(const std::string& path, std::size_t most, mode_t forbidden,
                                      const char* attempted) {
  const Result<UniqueFd> file = open_private(path, forbidden, attempted);
  if (!file) return file.error();
  // As long as the file, not as long as it may be: that would stay with the heap.
  struct stat about {};
  if (fstat(file->get(), &about) != 0) return failed(attempted, path, errno);
  std::string text(std::min(most, static_cast<std::size_t>(about.st_size)), '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = read(file->get(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(attempted, path, errno);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

Result<void> check_private_file(const std::string& path, mode_t forbidden, const char* attempted) {
  const Result<UniqueFd> file = open_private(path, forbidden, attempted);
  if (!file) return file.error();
  return {};
}

}  // namespace memwatch::server
