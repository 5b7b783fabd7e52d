#include "collector/gate/run_figures.h"

#include <algorithm>
#include <utility>

#include "collector/analysis/leaked.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/ranking.h"
#include "collector/analysis/selection.h"
#include "collector/analysis/stack_identity.h"
#include "collector/analysis/sums.h"

namespace memwatch::gate {
namespace {

constexpr std::size_t at(StackFigure figure) {
  return static_cast<std::size_t>(figure);
}

Error cannot_measure(const std::string& name, std::string why, std::string remedy = {}) {
  return Error{ErrorKind::damaged, "measure", name, std::move(why), std::move(remedy)};
}

Result<void> check(const model::Session& session, const std::string& name) {
  if (session.processes.empty()) {
    return cannot_measure(name, "nothing was recorded", "memwatch doctor -- CMD tells why");
  }
  if (!session.complete) return cannot_measure(name, "the recording was cut short");
  const bool is_empty =
      std::all_of(session.processes.begin(), session.processes.end(),
                  [](const model::Process& process) { return process.totals.allocations == 0; });
  if (is_empty) {
    return cannot_measure(name, "no allocation was seen, so nothing can be held against a baseline",
                          "memwatch doctor -- CMD tells why");
  }
  for (const model::Process& process : session.processes) {
    if (process.mode != model::Mode::exact) {
      return cannot_measure(name, "it was not recorded with --mode exact",
                            "estimates and counts cannot be held against a baseline");
    }
    if (!process.losses.exact) {
      return cannot_measure(name, "events were lost", "record it with --on-full block");
    }
    if (process.losses.children_unrecorded > 0) {
      return cannot_measure(name, "a process that it started was not recorded",
                            "memwatch report says why");
    }
    if (process.exit_kind == model::ExitKind::running) {
      return cannot_measure(name,
                            "process " + std::to_string(process.pid) + " (" + process.exe +
                                ") was still running when the recording ended",
                            "--wait-all waits for all descendants");
    }
  }
  if (std::string why = analysis::why_leaks_doubtful(session); !why.empty()) {
    return cannot_measure(name, std::move(why),
                          "recorded with --leak-check none, what was not freed counts instead");
  }
  return {};
}

// Leaked bytes of each stack, without the images that exec replaced.
struct LostBytes {
  std::uint64_t total = 0, held = 0;
  std::string method = "lifetime";
  std::unordered_map<model::StackId, analysis::LeakedStack> by_stack;
};

LostBytes lost_bytes(const analysis::Selection& selection) {
  LostBytes lost;
  bool looked_at = false, guessed = false;
  for (const model::Process* process : selection.processes()) {
    if (process->exit_kind == model::ExitKind::exec) continue;
    const analysis::Leaked leaked = analysis::leaked_of(*process, selection);
    // One process judged by lifetime makes the sum a figure by lifetime, unless it kept nothing.
    looked_at = looked_at || leaked.method != "lifetime";
    guessed = guessed || (leaked.method == "lifetime" && process->heap.live_blocks > 0);
    lost.total += leaked.lost;
    for (const analysis::LeakedStack& each : leaked.stacks) {
      analysis::LeakedStack& sum = lost.by_stack[each.stack];
      sum.lost += each.lost;
      sum.held += each.held;
      lost.held += each.held;
    }
  }
  if (looked_at && !guessed) lost.method = "reachability";
  return lost;
}

StackFigures figures_of_site(const model::Site& site, const LostBytes& lost) {
  StackFigures figures{};
  figures[at(StackFigure::allocated_bytes)] = site.allocated_bytes;
  figures[at(StackFigure::allocations)] = site.allocations;
  figures[at(StackFigure::own_peak)] = site.own_peak_bytes;
  figures[at(StackFigure::peak_heap)] = site.peak_bytes;
  const auto entry = lost.by_stack.find(site.stack);
  if (entry != lost.by_stack.end()) figures[at(StackFigure::leaked_bytes)] = entry->second.lost;
  return figures;
}

void add(StackFigures& sum, const StackFigures& part) {
  for (std::size_t i = 0; i < kStackFigureCount; ++i) {
    sum[i] = i == at(StackFigure::own_peak) ? std::max(sum[i], part[i]) : sum[i] + part[i];
  }
}

void add_stacks(const model::Session& session, const std::vector<model::Site>& sites,
                const LostBytes& lost, RunFigures& run) {
  analysis::StackIdentities identities(session);
  std::unordered_map<std::uint64_t, std::uint64_t> most;
  for (const model::Site& site : sites) {
    const std::uint64_t identity = identities.of(site.stack);
    StackRow& row = run.stacks[identity];
    add(row.figures, figures_of_site(site, lost));
    const auto leaked = lost.by_stack.find(site.stack);
    if (leaked != lost.by_stack.end()) row.held_bytes += leaked->second.held;
    if (row.stack == model::kNone || site.allocated_bytes > most[identity]) {
      row.stack = site.stack;
      most[identity] = site.allocated_bytes;
    }
  }
}

Result<PickedStacks> pick(const model::Session& session, const StackLimit& limit) {
  auto selection =
      analysis::Selection::create(session, {.pid = {}, .filter = limit.match, .exclude = {}});
  if (!selection) return selection.error();
  const LostBytes lost = lost_bytes(*selection);
  PickedStacks picked;
  for (const model::Site& site : analysis::merged_sites(*selection)) {
    const StackFigures figures = figures_of_site(site, lost);
    add(picked.figures, figures);
    ++picked.stacks;
    for (std::size_t i = 0; i < kStackFigureCount; ++i) {
      if (figures[i] <= picked.largest[i]) continue;
      picked.largest[i] = figures[i];
      picked.at[i] = site.stack;
    }
  }
  return picked;
}

}  // namespace

int program_status(const model::Session& session) {
  if (session.processes.empty()) return 0;
  const model::Process* root = &session.processes.front();
  for (const model::Process& process : session.processes) {
    if (process.pid == root->pid && root->exit_kind == model::ExitKind::exec) root = &process;
  }
  if (root->exit_kind == model::ExitKind::exited) return root->exit_code;
  return root->exit_kind == model::ExitKind::signaled ? 128 + root->exit_signal : 0;
}

Result<RunFigures> figures_of(const model::Session& session, const Budget& budget,
                              const std::string& name) {
  if (const Result<void> checked = check(session, name); !checked) return checked.error();
  const analysis::Selection all(session);
  const analysis::Sums sums = analysis::sum_processes(all);
  const LostBytes lost = lost_bytes(all);

  RunFigures run;
  const auto set = [&](Metric metric, std::uint64_t value) {
    run.metrics[static_cast<std::size_t>(metric)] = value;
  };
  set(Metric::allocated_bytes, sums.totals.allocated_bytes);
  set(Metric::allocations, sums.totals.allocations);
  set(Metric::failed, sums.totals.failed);
  set(Metric::leaked_bytes, lost.total);
  set(Metric::peak_heap, sums.peak_bytes_sum);
  std::uint64_t peak_rss = 0;
  for (const model::Process& process : session.processes) {
    peak_rss = std::max(peak_rss, process.rss.peak);
  }
  set(Metric::peak_rss, peak_rss);
  run.leak_method = lost.method;
  run.held_bytes = lost.held;
  add_stacks(session, analysis::merged_sites(all), lost, run);
  for (const StackLimit& limit : budget.stacks) {
    Result<PickedStacks> picked = pick(session, limit);
    if (!picked) return picked.error();
    run.picked.push_back(*std::move(picked));
  }
  return run;
}

}  // namespace memwatch::gate
