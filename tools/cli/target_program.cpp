#include "tools/cli/target_program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "collector/procfs/program_kind.h"
#include "tools/cli/exit_status.h"

namespace memwatch::cli {

namespace {

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// The first file of that name in PATH that may be executed, else the first that exists, else "".
std::string search_path(const std::string& command) {
  const char* variable = getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  std::string not_executable;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    const std::string path = (directory.empty() ? "." : std::string(directory)) + "/" + command;
    if (is_regular_file(path)) {
      if (access(path.c_str(), X_OK) == 0) return path;
      if (not_executable.empty()) not_executable = path;
    }
    if (colon == std::string_view::npos) return not_executable;
    rest.remove_prefix(colon + 1);
  }
}

Refusal refuse(int status, const std::string& subject, const std::string& why) {
  return Refusal{status, "run: " + subject + ": " + why};
}

std::string why_not_traceable(const procfs::ProgramKind& kind) {
  if (kind.gains_privileges) {
    return "it gains privileges when executed (set-user-id, set-group-id or file capabilities), so "
           "the loader ignores preloaded libraries; run it as the user it changes to, or a copy "
           "without the bit";
  }
  if (kind.format != procfs::ProgramFormat::elf) return {};
  if (!kind.elf.is_native) {
    return "it is built for another machine or word size than memwatch; use a memwatch built for "
           "it";
  }
  if (kind.elf.is_static) {
    return "it is statically linked, so nothing can be preloaded into it; link it dynamically "
           "(without -static)";
  }
  return {};
}

}  // namespace

std::variant<std::string, Refusal> find_target(const std::string& command) {
  using exit_status::kCannotExecute;
  using exit_status::kNotFound;
  const bool is_path = command.find('/') != std::string::npos;
  const std::string path = is_path ? command : search_path(command);
  if (path.empty()) return refuse(kNotFound, command, "command not found in PATH");
  if (access(path.c_str(), F_OK) != 0) {
    return refuse(kNotFound, path, std::generic_category().message(errno));
  }
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return refuse(kCannotExecute, path, "it is a directory");
  }
  if (access(path.c_str(), X_OK) != 0) {
    return refuse(kCannotExecute, path,
                  std::generic_category().message(errno) + " (chmod +x makes it executable)");
  }
  const auto kind = procfs::inspect_program(path);
  // What cannot be examined (execute permission only) may still run; the kernel decides.
  if (kind) {
    const std::string why = why_not_traceable(*kind);
    if (!why.empty()) {
      return refuse(kCannotExecute, kind->program.empty() ? path : kind->program,
                    "cannot be traced: " + why);
    }
  }
  return path;
}

}  // namespace memwatch::cli
