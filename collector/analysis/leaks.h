// What was not freed. The method is lifetime: a block that was live when its process's recording
// ended. That is not yet a leak, a global may still point to it, so its kind is `unclassified`.
// Thread safety: as the selection's. Errors: none. Units: bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct LeakRecord {
  std::string_view kind;  // as in the JSON report
  std::uint64_t blocks = 0, bytes = 0;
  model::StackId stack = model::kNone;
};

// For one process, complete, as the JSON report lists it.
struct ProcessLeaks {
  std::string_view method = "lifetime";
  bool complete = true;  // every block of the process was seen and none was lost sight of
  std::vector<LeakRecord> records;  // largest first; zero-sized blocks are listed as well
};
ProcessLeaks leaks_of(const model::Process& process, const Selection& selection);

// How the recorded lives ended, which decides how "not freed" may be put.
enum class EndOfRecording { exited, signaled, running, mixed };

// For people: the selected processes as one, less the images that exec replaced. Their memory went
// with them by design, so it is told apart.
struct LeakReport {
  Ranking by_bytes;  // stacks of the program and its libraries
  Ranking upkeep;    // stacks of the C library and the loader for themselves: see upkeep.h
  std::uint64_t bytes = 0, blocks = 0;  // of the selected processes, filtered or not
  std::uint64_t exec_bytes = 0;         // held by images when exec replaced them; not in `bytes`
  std::vector<const model::Process*> holders;  // processes with live blocks, most bytes first
  EndOfRecording end = EndOfRecording::exited;
};
LeakReport find_leaks(const Selection& selection, std::size_t top);

EndOfRecording end_of_recording(const Selection& selection);

}  // namespace memwatch::analysis
