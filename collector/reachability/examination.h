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
#include "collector/reachability/running_copy.h"
#include "collector/reachability/scan.h"
#include "collector/reachability/twin_memory.h"
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
  // In ticks (procfs::process_start_ticks): once its threads stand still it is asked whether the
  // pid is still this process's. Another one's goes on at once, and is not looked at.
  std::uint64_t start_time = 0;
  int memory_descriptor = -1, maps_descriptor = -1;  // as the process handed them over, or -1
  std::optional<WaitingThread> waiting;              // the process is at its end
  std::uint64_t twin_call = 0;                       // address of its protocol::TwinCall; 0: none
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
  // Not empty: why it stood still for longer than others do.
  std::string why_long_pause;
  std::vector<RootSource> sources;
  std::unique_ptr<ProcessMemory> memory;
  // Of a process that goes on: all of its memory, where there was room, or what the two below lack.
  std::unique_ptr<MemoryCopy> copy;
  std::unique_ptr<ProcessMemory> twin_memory;
  std::unique_ptr<RunningCopy> running_copy;
  std::unique_ptr<TwinMemory> snapshot;  // of one of these and the copy
  std::unique_ptr<Scan> scan;
  Verdicts verdicts;
  std::vector<Path> holders;  // those that were wished for
};

Examination examine(Subject& subject);

}  // namespace memwatch::reachability
