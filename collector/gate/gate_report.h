// Everything the gate has to say about a measurement, as plain data for the renderers.
// Points into the measurement, which must outlive it. Thread safety: read-only. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/gate/baseline.h"
#include "collector/gate/decision.h"
#include "collector/gate/measurement.h"

namespace memwatch::gate {

// A stack that holds more than the baseline says. One that the baseline does not list may have been
// as large as the largest of those; it is here only if it is larger now.
struct GrownStack {
  std::uint64_t before = 0, after = 0;
  bool listed = true;  // false: `before` is the most that it can have been
  std::string text;    // its identity
  model::StackId stack = model::kNone;
  std::uint64_t held_bytes = 0;  // of leaked_bytes: what its blocks hold now
};

// All stacks that the baseline does not list, together.
struct UnlistedStacks {
  std::uint64_t before = 0, after = 0;
};

struct MetricResult {
  Metric metric = Metric::peak_heap;
  Spread now;
  std::optional<Spread> before;  // none without a baseline
  Tolerance tolerance;
  Decision decision;                       // against the baseline
  std::optional<std::uint64_t> limit;      // of the budget
  std::optional<Decision> limit_decision;  // against it
  std::vector<GrownStack> grown;           // where it is worse: largest growth first
  UnlistedStacks unlisted;                 // likewise
  std::uint64_t held_bytes = 0;            // of leaked_bytes: what leaked blocks hold now
  [[nodiscard]] bool failed() const {
    return decision.verdict == Verdict::worse ||
           (limit_decision && limit_decision->verdict == Verdict::worse);
  }
};

// One limit of one [[stack]] of the budget.
struct StackLimitResult {
  const StackLimit* limit = nullptr;
  StackFigure figure = StackFigure::peak_heap;
  std::uint64_t most = 0;
  Spread now;
  Decision decision;
  std::size_t stacks = 0;  // that match; 0: the pattern fits nothing
  model::StackId largest = model::kNone;
  [[nodiscard]] bool failed() const { return decision.verdict == Verdict::worse; }
  [[nodiscard]] bool is_unchecked() const { return stacks == 0 && !limit->optional; }
};

enum class Outcome : std::uint8_t {
  passed,
  regressed,
  target_failed,  // its status is the gate's
  not_measured,   // an error of ours or of a recording: neither passed nor failed
};

struct GateReport {
  Outcome outcome = Outcome::passed;
  std::string failure;    // why, for the last two outcomes
  int target_status = 0;  // for target_failed
  std::string subject;    // the command line, or the candidate sessions
  std::string baseline_path;
  std::size_t runs = 0, confirming_runs = 0;
  std::string leak_method;  // how leaked_bytes was judged
  bool recorded = false;    // sessions were given, so no more runs can be had
  enum class Update : std::uint8_t { none, written, unchanged } update = Update::none;
  std::vector<MetricResult> metrics;           // in order of their names
  std::vector<StackLimitResult> stack_limits;  // in order of the budget
  std::vector<std::string> environment;        // how it differs from the baseline's
  const model::Session* stacks = nullptr;      // the stacks that are mentioned
  std::vector<std::string> update_arguments;   // the command that would make this the baseline
  std::vector<std::string> unmeasured_limits;  // the budget's titles, where nothing was measured
  [[nodiscard]] bool improved() const;
};

// What decides. first: how many runs came before the confirming ones. updating: the baseline is
// being replaced, so only limits can fail.
struct Assessment {
  const Measurement& measurement;
  const Baseline* baseline = nullptr;
  std::size_t first = 0;
  bool updating = false;
};

// Metrics, limits, outcome passed or regressed; subject, paths and environment are the caller's.
GateReport assess(const Assessment& assessment);

// Whether 5 more runs are needed before the verdict stands.
bool wants_confirmation(const GateReport& report);

}  // namespace memwatch::gate
