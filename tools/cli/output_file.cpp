#include "tools/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace memwatch::cli {

bool is_standard_output(const std::string& path) {
  return path.empty() || path == "-";
}

Result<void> check_result_path(const std::string& what, const std::string& path,
                               std::span<const std::string> inputs) {
  struct stat output {};
  if (is_standard_output(path) || ::stat(path.c_str(), &output) != 0) return {};
  for (const std::string& input : inputs) {
    struct stat status {};
    if (::stat(input.c_str(), &status) != 0 || status.st_dev != output.st_dev ||
        status.st_ino != output.st_ino || !S_ISREG(status.st_mode)) {
      continue;
    }
    return Error{ErrorKind::usage, what, path, "it is one of the inputs",
                 "name another file with -o"};
  }
  return {};
}

Result<UniqueFd> open_result(const std::string& what, const std::string& path,
                             std::span<const std::string> inputs) {
  if (is_standard_output(path)) return UniqueFd(::dup(STDOUT_FILENO));
  if (const auto checked = check_result_path(what, path, inputs); !checked) return checked.error();
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.is_open()) return system_error(what, path, errno);
  return fd;
}

}  // namespace memwatch::cli
