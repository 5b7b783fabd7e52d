#include "tools/cli/find_program.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace memwatch::cli {
namespace {

// What execvp searches where PATH is not set (confstr(_CS_PATH) of glibc).
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

Error not_found(const std::string& name, std::string why, std::string remedy) {
  return Error{ErrorKind::not_found, "find the program", name, std::move(why), std::move(remedy)};
}

}  // namespace

Result<std::string> find_program_along(const std::string& name, std::string_view search_path) {
  if (name.empty()) return not_found(name, "its name is empty", "");
  if (name.find('/') != std::string::npos) {
    if (is_file(name)) return name;
    struct stat status {};
    if (::stat(name.c_str(), &status) == 0) return not_found(name, "it is a directory", "");
    return not_found(
        name, errno == EACCES ? "a folder of its path may not be entered" : "there is no such file",
        "");
  }
  std::string not_executable;
  while (true) {
    const std::size_t colon = search_path.find(':');
    const std::string_view folder = search_path.substr(0, colon);
    const std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (is_file(path)) {
      if (::access(path.c_str(), X_OK) == 0) return path;
      if (not_executable.empty()) not_executable = path;
    }
    if (colon == std::string_view::npos) break;
    search_path.remove_prefix(colon + 1);
  }
  if (!not_executable.empty()) return not_executable;
  return not_found(name, "no folder of PATH has it",
                   is_file(name) ? fmt::format("did you mean ./{}?", name) : "");
}

Result<std::string> find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  return find_program_along(name, path == nullptr ? kDefaultPath : std::string_view(path));
}

}  // namespace memwatch::cli
