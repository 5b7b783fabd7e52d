// What was not freed. By reachability where the process was looked at in its last moment: what
// kind of leak each block is, or none. Else by lifetime: a block that was live when its process's
// recording ended. That is not yet a leak, a global may still point to it, so its kind is
// `unclassified`.
// Thread safety: as the selection's. Errors: none. Units: bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct LeakRecord {
  std::string_view kind;  // as in the JSON report
  std::uint64_t blocks = 0, bytes = 0;
  model::StackId stack = model::kNone;
  model::StackId owner = model::kNone;  // of indirect ones: the stack of the definite block
  std::uint64_t retained_bytes = 0;     // of definite ones: with the indirect ones they own
};

struct KindSum {
  std::uint64_t blocks = 0, bytes = 0;
};

// By model::LeakKind; what is suppressed is in none of them.
struct KindSums {
  std::array<KindSum, 5> of{};
  KindSum suppressed;

  [[nodiscard]] const KindSum& operator[](model::LeakKind kind) const {
    return of[static_cast<std::size_t>(kind)];
  }
  void add(const model::LeakRow& row);
  void add(const KindSums& other);
};

std::string_view leak_kind_name(model::LeakKind kind);
KindSums kind_sums(const model::Process& process);

// Definite or possible leaks that nothing suppresses. By lifetime alone: false, nothing is proven.
bool has_leaks(const model::Process& process);

// Why nobody may act on how much the processes have leaked: one was judged without everything seen,
// and what was missed may be what held a block. "" where the figures stand: one that kept nothing
// has leaked nothing, what an exec replaced does not count, and by lifetime nothing is judged, what
// was not freed is counted.
std::string why_leaks_doubtful(const model::Session& session);

// What each suppression took out, by its number in the session: of one process, and of those that a
// LeakReport sums.
std::vector<KindSum> suppressed_by(const model::Session& session, const model::Process& process);
std::vector<KindSum> suppressed_by(const model::Session& session, const Selection& selection);

// For one process, complete, as the JSON report lists it.
struct ProcessLeaks {
  std::string_view method = "lifetime";
  bool complete = true;  // every block of the process was seen and none was lost sight of
  std::string reason;    // why by lifetime, or why not complete
  bool all_seen = true;  // of what was judged: what is definite is lost for certain
  std::string_view long_pause_reason;
  double pause_ms = 0;              // the process stood still for as long
  double watched_seconds = 0;       // not 0: of what was allocated in the last so many alone
  KindSums sums;                    // of all of the process's rows
  std::vector<LeakRecord> records;  // worst kind first, then largest; zero-sized blocks as well
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

  // Of those that were looked at.
  bool judged = false;  // any
  bool all_judged = false;
  // Of each that was: what is definite is lost for certain.
  bool all_seen = true;
  KindSums sums;
  // By stack over all processes; the sites' live figures are those of the kind alone, the cost of
  // definite ones has what they hold in it. A block of no size is a leak as well.
  Ranking definite, possible;
  std::uint64_t unjudged_bytes = 0, unjudged_blocks = 0;
  std::string_view reason;     // why one was not, or not with everything seen
  double watched_seconds = 0;  // not 0: of what was allocated in the last so many alone
};
LeakReport find_leaks(const Selection& selection, std::size_t top);

EndOfRecording end_of_recording(const Selection& selection);

}  // namespace memwatch::analysis
