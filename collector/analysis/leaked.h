// How much of a process counts as leaked, in one place for whoever compares figures: `diff --metric
// leaked` and the gate. By reachability where it was checked (definite, indirect, possible blocks),
// else what was live at the end, "not freed at exit".
// Thread safety: as the selection's. Errors: none. Units: bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/analysis/leaks.h"

namespace memwatch::analysis {

struct LeakedStack {
  model::StackId stack = model::kNone;
  std::uint64_t lost = 0;      // definite, possible, or all by lifetime: what someone has to free
  std::uint64_t indirect = 0;  // held by lost blocks alone: goes when they are freed
  std::uint64_t held = 0;  // indirect blocks, of whatever stack, that this one's lost blocks hold
};

struct Leaked {
  std::string_view method = "lifetime";  // as in the JSON report
  bool all_seen = true;                  // as ProcessLeaks has it
  std::uint64_t lost = 0, indirect = 0;
  std::vector<LeakedStack> stacks;  // each once
};

Leaked leaked_of(const model::Process& process, const Selection& selection);

}  // namespace memwatch::analysis
