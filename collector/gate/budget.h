// The gate's budget: how much each metric may rise, and what no run may exceed. A TOML file that
// people write; docs/gate.md documents its keys.
//
//   [tolerance]                  # relative to the baseline: a percentage as a string
//   peak_heap = "5 %"
//   [floor]                      # a rise of this much is always allowed
//   leaked_bytes = "1KiB"
//   [limit]                      # absolute, baseline or not
//   peak_heap = "64MiB"
//   [[stack]]                    # stacks with a matching function, file or module, together
//   match = "^parse_"
//   max_peak = "8MiB"            # also max_own_peak, max_leaked, max_allocated, max_allocations
//   optional = true              # it may fit no stack
//
// Sizes are strings with a unit or whole numbers of bytes, counts are whole numbers.
// Thread safety: pure functions. Errors: kind damaged, with file, line and what was expected, for
// unknown keys, wrong types, bad sizes and patterns; kind not_found where there is no file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/gate/metrics.h"

namespace memwatch::gate {

struct StackLimit {
  std::string name;   // for people; the pattern where none was given
  std::string match;  // RE2 syntax, unanchored
  std::size_t line = 0;
  bool optional = false;  // else it has to fit a stack: a limit on nothing is checked by nobody
  std::array<std::optional<std::uint64_t>, kStackFigureCount> most;
};

struct Budget {
  std::array<std::optional<std::uint64_t>, kMetricCount> tolerance;  // in millionths
  std::array<std::optional<std::uint64_t>, kMetricCount> floor, limit;
  std::vector<StackLimit> stacks;
};

// "max_peak": the key of a figure in [[stack]].
std::string_view stack_limit_key(StackFigure figure);

Result<Budget> read_budget(const std::string& path);
Result<Budget> parse_budget(const std::string& path, std::string_view text);

}  // namespace memwatch::gate
