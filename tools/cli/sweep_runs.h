// Runs a program under the recorder for `memwatch oom-sweep`: undisturbed once, to learn which
// stacks ask for memory, then with one of them failing. Standard input is empty, standard output is
// compared and standard error dropped; each run is a process group of its own, which is killed when
// its time is up.
// Thread safety: none; signals are the process's. Errors: the program cannot be started or
// recorded.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/analysis/oom_sweep.h"
#include "collector/base/result.h"
#include "collector/recording/recorder.h"

namespace memwatch::cli {

struct SweepProgram {
  std::string path;  // as find_target gives it
  std::vector<std::string> command;
  std::string library;  // the shim
};

// A site that may be made to fail, and its stack in the session of the run.
using FoundSite = std::pair<std::uint64_t, model::StackId>;

struct SweepRun {
  std::unique_ptr<recording::Recorder> recorder;  // keeps the session
  analysis::RunEnd end;
  std::uint64_t output_hash = 0;
  double seconds = 0;
  std::vector<FoundSite> sites;  // in the order of their first call; of an undisturbed run alone

  [[nodiscard]] model::Session& session() const { return recorder->session(); }
};

// Without `site` nothing fails. `limit` zero: none.
Result<SweepRun> sweep_run(const SweepProgram& program, std::optional<std::uint64_t> site,
                           bool persistent, std::chrono::nanoseconds limit);

// The user wants it to end (Ctrl-C, SIGTERM); the run under way was killed.
bool is_sweep_interrupted();

}  // namespace memwatch::cli
