// The processes of one run, drained by one thread, and their sums as text. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/intake/rendezvous_server.h"
#include "collector/intake/tracked_process.h"
#include "collector/model/session.h"
#include "collector/model/stack_table.h"

namespace memwatch::totals {

class Totals {
 public:
  Totals();

  // A process that introduced itself, which gets a segment of its own and is recorded exactly, or
  // is told to run on without.
  Result<void> welcome(intake::Visitor visitor, const std::string& rendezvous);

  // One that carries the shim and records for nobody.
  Result<void> attach(pid_t pid);

  // Applies what the rings hold, and tells the targets that somebody does. True if there was
  // anything.
  bool turn();

  // Makes the targets idle again; reads what is there to the end.
  void finish();

  [[nodiscard]] std::string text();

 private:
  struct Process {
    pid_t pid;
    std::string exe;
    std::unique_ptr<intake::TrackedProcess> tracked;
    std::uint64_t rss = 0, footprint = 0;  // as last seen
  };
  static Process look_at(pid_t pid);
  static void sample(Process& process);
  void add(Process process, intake::Segment segment, bool attaching);

  std::uint64_t started_ms_;
  model::Session session_;  // of which only stacks and modules are filled in
  model::StackTable table_{session_};
  std::vector<Process> processes_;
};

}  // namespace memwatch::totals
