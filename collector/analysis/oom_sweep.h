// What became of a program whose allocation sites were made to fail, one site in each run: facts of
// `memwatch oom-sweep`, and the verdict on one run.
//
// A run is judged by the worst that it shows: a crash, a hang, a leak that the undisturbed run did
// not have (definite ones of a check by reachability at its exit), else by how it ended.
// Thread safety: pure functions. Errors: none. Stacks are those of the undisturbed run's session.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::analysis {

enum class SweepOutcome : std::uint8_t {
  crashed,       // a signal ended the program, or a child of its that crashed
  hung,          // it took longer than allowed, and was killed
  leaked,        // it ended, and blocks are lost that were not lost before
  failed,        // it ended with another status: what most programs do
  went_on,       // it ended as undisturbed
  not_disturbed  // the call was not made this time
};
inline constexpr std::size_t kSweepOutcomes = 6;

// "crashed", … "not_disturbed".
std::string_view sweep_outcome_name(SweepOutcome outcome);
constexpr bool is_finding(SweepOutcome outcome) {
  return outcome <= SweepOutcome::leaked;
}

// Definite leaks that nothing suppresses, by site (call_site.h).
struct LostBlocks {
  std::uint64_t blocks = 0, bytes = 0;
  model::StackId stack = model::kNone;  // one of the site's, of the same session
};
using LostBySite = std::map<std::uint64_t, LostBlocks>;
LostBySite lost_by_site(const model::Session& session);

struct SweptRun {
  std::uint64_t site = 0;
  model::StackId stack = model::kNone;  // of the call that failed
  SweepOutcome outcome = SweepOutcome::not_disturbed;
  Function function = Function::none;  // the first that failed
  std::uint64_t requested = 0;
  std::uint64_t failures = 0;  // calls made to fail, in all processes
  int exit_code = 0;           // if no signal ended it
  int signal = 0;              // that ended the program, or the child below; 0: none
  std::string crashed_child;   // path of its program; "": the program itself
  std::uint64_t lost_blocks = 0, lost_bytes = 0;
  std::string lost_at;      // where the most of them were allocated, as text
  bool same_output = true;  // on standard output, as undisturbed
};

struct OomSweep {
  std::vector<std::string> command;
  bool persistent = false;  // all later calls of the site failed too
  int exit_code = 0;        // undisturbed
  double seconds = 0;
  std::uint64_t sites = 0;    // found
  std::uint64_t skipped = 0;  // of them, by the filter
  std::vector<SweptRun> runs;
  bool interrupted = false;  // by the user, before all had their run

  [[nodiscard]] std::uint64_t left_out() const { return sites - skipped - runs.size(); }
};

struct SweepCounts {
  std::array<std::uint64_t, kSweepOutcomes> of{};
  [[nodiscard]] std::uint64_t operator[](SweepOutcome outcome) const {
    return of[static_cast<std::size_t>(outcome)];
  }
};
SweepCounts count_outcomes(const OomSweep& sweep);

// What is known of a run, besides its session.
struct RunEnd {
  int wait_status = 0;
  bool timed_out = false;
  bool same_output = true;
};
// All of a SweptRun but site, stack and lost_at. `lost_before`: of the undisturbed run.
SweptRun judge_run(const model::Session& session, const RunEnd& end, int exit_code_before,
                   const LostBySite& lost_before);

// Of what judge_run counted: the site that lost most; an empty one where nothing is lost.
LostBlocks most_lost(const model::Session& session, const LostBySite& lost_before);

// The condition that makes this run happen again: "site=00c0ffee00c0ffee,nth=1".
std::string injection_of(const OomSweep& sweep, const SweptRun& run);

}  // namespace memwatch::analysis
