// Runs a program for the gate, each time as a `memwatch run` of its own, and gives back what was
// recorded. A child per run, because then each is measured as any run is (with all that `run` does
// at its end), a failure of the recording is told from one of the program, and the memory of one
// run's recording is gone before the next.
//
// The program's standard output and error go to a file that is shown on stderr if the run fails, or
// to stderr at once if asked: a gate's stdout is its result, and where output goes (terminal, pipe)
// changes what stdio allocates, so it is the same everywhere. Standard input is rewound before each
// run if it is a file, else it is empty.
// Thread safety: none; signal handling is the process's, see target_process.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"
#include "collector/model/session.h"

namespace memwatch::cli {

struct GateRunOptions {
  std::vector<std::string> command;
  std::string sessions;                        // folder to keep the session files in; "" for none
  bool wait_all = false;                       // as of `run`
  bool show_output = false;                    // the program's, at once
  std::string leak_check = "auto";             // as of `run`
  std::vector<std::string> suppression_files;  // as of `run`
};

// What one run gave: a session, or how the program failed.
struct GateRun {
  model::Session session;
  int status = 0;       // the program's, 128+N for a signal, 126 and 127 as of `run`
  std::string failure;  // "exit 7", "killed by signal 11"; "" where it did not fail
};

class GateRuns {
 public:
  static Result<GateRuns> create(GateRunOptions options);
  GateRuns(GateRuns&&) noexcept = default;
  GateRuns& operator=(GateRuns&&) = delete;
  ~GateRuns();

  // Errors: memwatch could not record it, or the recording cannot be read.
  Result<GateRun> run(std::size_t number, std::size_t of);

 private:
  explicit GateRuns(GateRunOptions options) : options_(std::move(options)) {}
  void show_output_of(std::size_t number, int fd) const;

  GateRunOptions options_;
  std::string self_;            // the running memwatch
  std::string folder_;          // of our own, removed at the end; "" moved away
  std::optional<off_t> stdin_;  // where it began, if it can be rewound
};

}  // namespace memwatch::cli
