// What people call a process: the file it runs ("python3.11") and what the kernel calls it
// ("python3": the name it was started by, or chose). Any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace memwatch::daemon {

struct ProgramNames {
  std::string file;  // without directories; "" unknown
  std::string comm;  // at most 15 characters

  // Is one of them this name? '*' stands for any characters, and nothing else does.
  [[nodiscard]] bool match(std::string_view pattern) const;
};

// Of a process that lives now; both empty when it is gone.
ProgramNames program_names(pid_t pid);

}  // namespace memwatch::daemon
