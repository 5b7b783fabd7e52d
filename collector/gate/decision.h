// The rule of the gate: is a figure worse than the baseline, or is it noise?
//
//   bar        = baseline's middle + the larger of tolerance · middle and the floor
//   worse      = the middle of the runs is above the bar
//                and, where the baseline's runs differ, every run is above the baseline's maximum
//   confirmed  = the same holds for 5 more runs, taken by themselves
//
// With one run on either side, or a baseline whose runs agree, the tolerance alone decides. Runs
// that agree on both sides need no confirmation: a further one would say the same. Why every run:
// of a figure that has not changed, 3 + 5 runs all lie above the maximum of 3 others once in 165
// times, whatever its distribution; a tolerance alone is exceeded by chance once in 5 where a
// figure moves by ±13 % (scripts/gate-accuracy simulates both). Thread safety: pure
// functions. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "collector/gate/metrics.h"

namespace memwatch::gate {

inline constexpr std::size_t kConfirmingRuns = 5;

// A figure over several runs. middle: the median, of an even number the mean of the middle two.
struct Spread {
  std::uint64_t middle = 0, min = 0, max = 0;
  std::size_t runs = 0;
  [[nodiscard]] bool varies() const { return max > min; }
};

Spread spread_of(std::span<const std::uint64_t> values);

struct Tolerance {
  std::uint64_t per_million = 0;  // of the baseline's middle
  std::uint64_t floor = 0;        // absolute
  bool always_floor = false;      // false: the floor counts only where the baseline's runs differ
};

// allocations and allocated_bytes 1 %, peak_heap 5 %, peak_rss 10 % and 1 MiB, leaked_bytes and
// failed nothing; where the baseline's runs differ, 4 KiB or 16 allocations are always allowed.
Tolerance default_tolerance(Metric metric);

enum class Verdict : std::uint8_t { within, worse, better };

// How the verdict came about, for the sentence that tells it.
enum class Reason : std::uint8_t {
  within,         // not beyond the tolerance
  beyond,         // worse by tolerance alone
  every_run,      // worse, every run above the baseline's maximum
  spread,         // beyond the tolerance, but a run is no higher than the baseline's own
  not_confirmed,  // 5 more runs did not say so
  better,
};

struct Decision {
  Verdict verdict = Verdict::within;
  Reason reason = Reason::within;
  std::uint64_t allowed = 0;  // above the baseline's middle
  bool confirmed = false;     // 5 more runs were asked, and agreed
};

// more: the confirming runs, once there are any.
Decision decide(const Spread& baseline, const Spread& runs, const std::optional<Spread>& more,
                const Tolerance& tolerance);

// An absolute limit is exceeded when the middle is above it; if runs differ, 5 more have to agree.
Decision decide_limit(std::uint64_t limit, const Spread& runs, const std::optional<Spread>& more);

// Whether further runs could change a verdict of `worse`.
bool wants_confirmation(const Decision& decision, const Spread& runs, bool baseline_varies);

}  // namespace memwatch::gate
