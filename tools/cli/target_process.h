// The program that `run` starts: its environment, its start, the signals that are meant for it, its
// end. One at a time per memwatch process, since signal handling is the process's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::cli {

// The environment for a traced program: ours plus the shim (before what is preloaded already) and
// where the collector listens.
std::vector<std::string> traced_environment(const std::string& library,
                                            const std::string& rendezvous, bool follow,
                                            const std::string& unwinder,
                                            const std::string& allocator);

// Descriptors for the program's standard input, output and error (-1: memwatch's own), and its
// group.
struct TargetStreams {
  int in = -1, out = -1, error = -1;
  bool own_group = false;  // the program leads a process group of its own
};

struct TargetEnd {
  int wait_status = 0;
  std::uint64_t max_rss_bytes = 0;  // the largest of the program and its waited-for children
};

class TargetProcess {
 public:
  // Starts `path` with `arguments` (the first is its name). While it runs, keyboard signals are the
  // program's alone, and SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 sent to memwatch are passed on to it.
  // The error's kind is not_found when the kernel found no such program or interpreter.
  static Result<TargetProcess> start(const std::string& path,
                                     const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment,
                                     const TargetStreams& streams = {});

  [[nodiscard]] pid_t pid() const { return pid_; }

  // Passes signals on, and looks. What has ended keeps its pid until it is collected.
  [[nodiscard]] bool has_ended() const;

  // Once it has ended, and only once.
  [[nodiscard]] TargetEnd collect() const;

 private:
  explicit TargetProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace memwatch::cli
