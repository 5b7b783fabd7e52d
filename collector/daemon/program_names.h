// What people call a process: the file it runs ("python3.11"), what the kernel calls it ("python3":
// the name it was started by, or chose), and the one of them that it is shown by. Any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace memwatch::daemon {

struct ProgramNames {
  std::string file;     // without directories; "" unknown
  std::string comm;     // at most 15 characters
  std::string shown{};  // as shown_name() says; "" as `file`

  // Is one of them this name? '*' stands for any characters, and nothing else does.
  [[nodiscard]] bool match(std::string_view pattern) const;
};

// The name that people know: what ps shows, where that is the word the process was started by and
// not one that its main thread chose ("MainThread" of node). Debian's redis-server is a link to
// redis-check-rdb, sh one to dash, and a script runs the file of its interpreter. Whole where the
// kernel cut it, and without the rest of a title ("gunicorn: maste").
std::string shown_name(std::string_view file, std::string_view comm,
                       const std::vector<std::string>& command);

// Of a process that lives now; all empty when it is gone.
ProgramNames program_names(pid_t pid);

}  // namespace memwatch::daemon
