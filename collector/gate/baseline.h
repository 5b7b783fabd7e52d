// The baseline: what a program's memory figures were when someone last said they were right. A TOML
// file made to be committed and reviewed: sorted, a line per figure and per stack, without
// addresses, file names, line numbers or times, so that building the program again leaves it as it
// is, but for peak_rss (a page more or less) and the environment.
//
//   schema = "memwatch.baseline/1"
//   [metrics]
//   peak_heap = { value = 20133048, min = 20133048, max = 20133048, runs = 3 }
//   [environment]
//   kernel = "6.1.0"
//   [stacks]
//   "parse <- load <- main" = { allocated_bytes = …, allocations = …, leaked_bytes = …, peak_heap =
//   … }
//
// Stacks are those of half a percent of some figure or more, at most 25 of each figure, all of a
// small program; "(other stacks)" sums up the rest, "(largest other)" is the most that one of these
// has. Their figures are the middle of the runs. Thread safety: pure functions. Errors: kind
// damaged with file, line and what was expected; kind not_found where there is no file.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/gate/decision.h"
#include "collector/gate/environment.h"
#include "collector/gate/measurement.h"
#include "collector/gate/metrics.h"

namespace memwatch::gate {

struct BaselineStack {
  std::string text;        // its identity
  StackFigures figures{};  // own_peak is not kept
};

struct Baseline {
  std::array<Spread, kMetricCount> metrics{};  // middle is the value
  std::string leak_method;
  std::optional<Environment> environment;  // none where it was made from recorded sessions
  std::vector<BaselineStack> stacks;       // in order of their texts
  StackFigures others{};                   // sums over the stacks that are not listed
  StackFigures largest_other{};            // the most that any one of these has, figure by figure
};

// listing: which stacks it holds, those worth a line of the file or all that the measurement named.
enum class Listing : std::uint8_t { worth_a_line, all_named };
Baseline baseline_of(const Measurement& measurement, std::optional<Environment> environment,
                     Listing listing);

std::string baseline_text(const Baseline& baseline);

Result<Baseline> read_baseline(const std::string& path);
Result<Baseline> parse_baseline(const std::string& path, std::string_view text);

// Whether text was meant to be a baseline, however damaged: what --update may overwrite.
bool looks_like_baseline(std::string_view text);

}  // namespace memwatch::gate
