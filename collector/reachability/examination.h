// One look at a process: stop it, read what keeps its blocks alive, let it go on, judge. The one
// place that knows all the steps. Not thread-safe; nothing is left behind in the process whatever
// happens to us meanwhile. Errors are reasons: sentences that end up in the report.
#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/reachability/holders.h"
#include "collector/reachability/memory_copy.h"
#include "collector/reachability/roots.h"
#include "collector/reachability/scan.h"
#include "collector/reachability/verdict.h"

namespace memwatch::reachability {

// A thread that waits for the examination at its process's end, by its own word.
struct WaitingThread {
  pid_t tid = 0;
  std::uint64_t stack_pointer = 0;
  std::array<std::uint64_t, 6> registers{};  // those that its caller may have left pointers in
};

struct Subject {
  pid_t pid = 0;
  int memory_descriptor = -1, maps_descriptor = -1;  // as the process handed them over, or -1
  std::optional<WaitingThread> waiting;              // the process is at its end
  // Called every millisecond or so; the process may run on by then.
  std::function<void()> heartbeat;
  // Called when the process stands still: everything that it has written is to be taken down.
  std::function<void()> drain;
  // Called when the process stands still, or has just gone on, before any heartbeat: the blocks
  // that are alive now, and the other facts.
  std::function<std::vector<Block>(RootFacts& facts)> take_blocks;
  // Is a block of this site alive whatever points to it (the loader's own)?
  std::function<bool(std::uint32_t site)> is_root_site;
  HoldersWish holders;
  // Called as soon as the process may go on (at its end: may end).
  std::function<void()> release;
};

struct Examination {
  std::string why_not;         // not empty: nothing could be judged
  std::string why_incomplete;  // not empty: judged, but something could not be seen
  double pause_seconds = 0;    // the process stood still
  bool was_copied = false;     // only while its memory was copied
  std::vector<RootSource> sources;
  std::unique_ptr<ProcessMemory> memory;
  std::unique_ptr<MemoryCopy> copy;  // of a process that goes on, where there was room
  std::unique_ptr<Scan> scan;
  Verdicts verdicts;
  std::vector<Path> holders;  // those that were wished for
};

Examination examine(Subject& subject);

}  // namespace memwatch::reachability
