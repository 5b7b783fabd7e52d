#include "collector/daemon/program_names.h"

#include "collector/analysis/glob.h"
#include "collector/procfs/process_identity.h"

namespace memwatch::daemon {

bool ProgramNames::match(std::string_view pattern) const {
  return analysis::matches_glob(pattern, file, false) ||
         analysis::matches_glob(pattern, comm, false);
}

ProgramNames program_names(pid_t pid) {
  ProgramNames names;
  if (const auto executable = procfs::process_executable(pid)) {
    names.file = executable->path.substr(executable->path.rfind('/') + 1);
  }
  names.comm = procfs::thread_name(pid, pid);
  return names;
}

}  // namespace memwatch::daemon
