#include "collector/daemon/program_names.h"

#include "collector/analysis/glob.h"
#include "collector/procfs/process_identity.h"

namespace memwatch::daemon {

namespace {

constexpr std::size_t kCommBytes = 15;  // what the kernel keeps of a name (TASK_COMM_LEN - 1)

// An interpreter, an option of it, and the script: more than that does not stand before the name.
constexpr std::size_t kWords = 3;

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The program's name in a title that it has written over its arguments: "nginx" of "nginx: master
// process /usr/sbin/nginx", "redis-server" of "/usr/bin/redis-server *:6379".
std::string_view name_in_title(std::string_view title) {
  title = title.substr(0, title.find(' '));
  if (title.ends_with(':')) title.remove_suffix(1);
  return base_name(title);
}

// Is it this name, or a title that begins with it, as far as the kernel keeps one?
bool is_comm_of(std::string_view comm, std::string_view name) {
  if (name.empty()) return false;
  if (comm == name.substr(0, kCommBytes)) return true;
  return comm.starts_with(name) && (comm[name.size()] == ':' || comm[name.size()] == ' ');
}

}  // namespace

bool ProgramNames::match(std::string_view pattern) const {
  return analysis::matches_glob(pattern, file, false) ||
         analysis::matches_glob(pattern, comm, false) ||
         (!shown.empty() && analysis::matches_glob(pattern, shown, false));
}

std::string shown_name(std::string_view file, std::string_view comm,
                       const std::vector<std::string>& command) {
  if (comm.empty() || comm == file.substr(0, kCommBytes)) return std::string(file);
  for (std::size_t i = 0; i < command.size() && i < kWords; ++i) {
    if (base_name(command[i]) == comm) return std::string(comm);  // also one with blanks in it
    const std::string_view name = name_in_title(command[i]);
    if (is_comm_of(comm, name)) return std::string(name);
  }
  return std::string(file);
}

ProgramNames program_names(pid_t pid) {
  ProgramNames names;
  if (const auto executable = procfs::process_executable(pid)) {
    names.file = base_name(executable->path);
  }
  names.comm = procfs::thread_name(pid, pid);
  // The command line, which may be long, is read where it can matter.
  names.shown = names.comm == names.file.substr(0, kCommBytes)
                    ? names.file
                    : shown_name(names.file, names.comm, procfs::process_command(pid));
  return names;
}

}  // namespace memwatch::daemon
