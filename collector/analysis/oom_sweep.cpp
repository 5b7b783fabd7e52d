#include "collector/analysis/oom_sweep.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "collector/analysis/call_site.h"

namespace memwatch::analysis {

namespace {

constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

bool is_crash(const model::Process& process) {
  return process.exit_kind == model::ExitKind::signaled &&
         std::find(kCrashes.begin(), kCrashes.end(), process.exit_signal) != kCrashes.end();
}

void take_injected(const model::Session& session, SweptRun& run) {
  double first_at = 0;
  for (const model::Process& process : session.processes) {
    for (const model::Failure& failure : process.failures) {
      if (!failure.injected) continue;
      if (run.failures == 0 || failure.first_at < first_at) {
        run.function = failure.function;
        run.requested = failure.requested;
        first_at = failure.first_at;
      }
      run.failures += failure.count;
    }
  }
}

// The program's own end first: what its children did is its business unless they crashed.
bool take_crash(const model::Session& session, int wait_status, SweptRun& run) {
  if (WIFSIGNALED(wait_status)) {
    run.signal = WTERMSIG(wait_status);
    return true;
  }
  run.exit_code = WEXITSTATUS(wait_status);
  const auto crashed = std::find_if(session.processes.begin(), session.processes.end(), is_crash);
  if (crashed == session.processes.end()) return false;
  run.signal = crashed->exit_signal;
  run.crashed_child = crashed->exe;
  return true;
}

// What was lost at a site more often than before.
LostBlocks surplus(std::uint64_t site, const LostBlocks& lost, const LostBySite& before) {
  const auto known = before.find(site);
  if (known == before.end()) return lost;
  if (lost.blocks <= known->second.blocks) return {};
  LostBlocks more = lost;
  more.blocks -= known->second.blocks;
  more.bytes -= std::min(more.bytes, known->second.bytes);
  return more;
}

}  // namespace

std::string_view sweep_outcome_name(SweepOutcome outcome) {
  constexpr std::array<std::string_view, kSweepOutcomes> kNames = {
      "crashed", "hung", "leaked", "failed", "went_on", "not_disturbed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

LostBySite lost_by_site(const model::Session& session) {
  LostBySite lost;
  CallSites sites(session);
  for (const model::Process& process : session.processes) {
    if (process.exit_kind == model::ExitKind::exec) continue;
    for (const model::LeakRow& row : process.leaks) {
      if (row.kind != model::LeakKind::definite || row.suppression != 0) continue;
      LostBlocks& at = lost[sites.of(row.stack)];
      at.blocks += row.blocks;
      at.bytes += row.bytes;
      at.stack = row.stack;
    }
  }
  return lost;
}

SweepCounts count_outcomes(const OomSweep& sweep) {
  SweepCounts counts;
  for (const SweptRun& run : sweep.runs) ++counts.of[static_cast<std::size_t>(run.outcome)];
  return counts;
}

LostBlocks most_lost(const model::Session& session, const LostBySite& lost_before) {
  LostBlocks most;
  for (const auto& [site, lost] : lost_by_site(session)) {
    const LostBlocks more = surplus(site, lost, lost_before);
    if (more.blocks > 0 && (most.blocks == 0 || more.bytes > most.bytes)) most = more;
  }
  return most;
}

SweptRun judge_run(const model::Session& session, const RunEnd& end, int exit_code_before,
                   const LostBySite& lost_before) {
  SweptRun run;
  run.same_output = end.same_output;
  take_injected(session, run);
  if (end.timed_out) {
    run.outcome = SweepOutcome::hung;
    return run;
  }
  if (take_crash(session, end.wait_status, run)) {
    run.outcome = SweepOutcome::crashed;
    return run;
  }
  for (const auto& [site, lost] : lost_by_site(session)) {
    const LostBlocks more = surplus(site, lost, lost_before);
    run.lost_blocks += more.blocks;
    run.lost_bytes += more.bytes;
  }
  if (run.lost_blocks > 0) {
    run.outcome = SweepOutcome::leaked;
  } else if (run.exit_code != exit_code_before) {
    run.outcome = SweepOutcome::failed;
  } else {
    run.outcome = SweepOutcome::went_on;
  }
  // What goes wrong without a failure is no finding about one.
  if (run.failures == 0) run.outcome = SweepOutcome::not_disturbed;
  return run;
}

std::string injection_of(const OomSweep& sweep, const SweptRun& run) {
  return "site=" + call_site_text(run.site) + (sweep.persistent ? "" : ",nth=1");
}

}  // namespace memwatch::analysis
