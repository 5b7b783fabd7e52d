// What the gate takes from one recorded run: the metrics, the figures of each stack, those that the
// budget's patterns pick. Thread safety: read-only.
// Errors: kind damaged, "measure: FILE: why", for a session that cannot stand for its run: sampled
// or counted only, events lost, cut short, processes still running at its end, or leaks that were
// judged without everything seen.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/base/result.h"
#include "collector/gate/budget.h"
#include "collector/gate/metrics.h"
#include "collector/model/session.h"

namespace memwatch::gate {

struct StackRow {
  StackFigures figures{};
  model::StackId stack = model::kNone;  // of several with one identity the one that allocated most
  // Indirect leaks that its leaked blocks hold: explains a figure, is none.
  std::uint64_t held_bytes = 0;
};

// The stacks that one [[stack]] of the budget picks.
struct PickedStacks {
  StackFigures figures{};
  std::size_t stacks = 0;
  StackFigures largest{};                              // of any one of them
  std::array<model::StackId, kStackFigureCount> at{};  // and which one that is
};

struct RunFigures {
  std::array<std::uint64_t, kMetricCount> metrics{};
  std::string leak_method;                             // "lifetime" or "reachability"
  std::uint64_t held_bytes = 0;                        // by all leaked blocks
  std::unordered_map<std::uint64_t, StackRow> stacks;  // by stack identity
  std::vector<PickedStacks> picked;                    // as the budget's
};

// How the recorded program ended, as a shell tells it: its exit status, 128+N for signal N. 0 too
// where that is not known.
int program_status(const model::Session& session);

// name: the file or run, for the error.
Result<RunFigures> figures_of(const model::Session& session, const Budget& budget,
                              const std::string& name);

}  // namespace memwatch::gate
