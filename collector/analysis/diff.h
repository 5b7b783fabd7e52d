// What grew and what shrank between two sessions, stack by stack.
//
// Figures are sums over all processes of each session, as its JSON report adds up: live and leaked
// at the end, shares of the peaks of all processes, allocated bytes, allocations (reallocations not
// counted). Stacks match as stack_identity.h says; where a session has several stacks of one
// identity they count together, and the largest of them is the one to show.
// Facts in, struct out; both sessions must outlive the struct and be symbolised before.
// Thread safety: read-only. Errors: none; what makes the comparison doubtful is in `doubts`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

enum class DiffMetric : std::uint8_t { live, peak, allocated, allocations, leaked };

inline constexpr std::array<std::string_view, 5> kDiffMetricNames = {"live", "peak", "allocated",
                                                                     "allocations", "leaked"};

std::string_view diff_metric_name(DiffMetric metric);
std::optional<DiffMetric> diff_metric_from_name(std::string_view name);

// What a reader has to know before believing a difference.
struct DiffDoubts {
  bool different_programs = false;      // the roots' files have different names
  bool different_modes = false;         // one exact, the other sampled, say
  bool different_leak_methods = false;  // metric leaked: one by reachability, one by lifetime
};

struct DiffSide {
  const model::Session* session = nullptr;
  std::uint64_t total = 0;
  std::uint64_t deviation = 0;  // standard deviation of the total; 0 where it is exact
  std::uint64_t by_stack = 0;   // the part of the total that stacks account for
  std::size_t processes = 0;    // process images
  bool sampled = false;         // some process was
  bool counted_only = false;    // no process has stacks: --mode idle
  bool lossless = true;         // no event of an exact process was lost
  bool by_lifetime = true;      // metric leaked: what was live at the end, no verdict on leaks
  std::string leaks_doubt;      // metric leaked: why_leaks_doubtful() of the session
};

struct StackDelta {
  std::uint64_t before = 0, after = 0;
  // The stack to show for it: in the new session, or where it is gone in the old one.
  const model::Session* session = nullptr;
  model::StackId stack = model::kNone;
  [[nodiscard]] std::int64_t delta() const { return static_cast<std::int64_t>(after - before); }
};

// Of several stacks together.
struct DeltaSum {
  std::size_t stacks = 0;
  std::uint64_t amount = 0;  // absolute
};

struct Diff {
  DiffMetric metric = DiffMetric::live;
  DiffSide before, after;
  DiffDoubts doubts;
  std::vector<StackDelta> rows;  // stacks that changed, largest absolute difference first
  std::vector<StackDelta> same;  // those that did not, in no order
  DeltaSum grown, shrunk;        // of rows; new and gone ones included
  DeltaSum added, gone;          // of those, stacks that only one session has
  DeltaSum unchanged;            // amount: what they hold in both sessions
  [[nodiscard]] std::int64_t delta() const {
    return static_cast<std::int64_t>(after.total - before.total);
  }
};

Diff diff_sessions(const model::Session& before, const model::Session& after, DiffMetric metric);

}  // namespace memwatch::analysis
