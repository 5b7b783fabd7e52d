#include "collector/gate/decision.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace memwatch::gate {
namespace {

constexpr std::uint64_t kPercent = 10'000;  // in millionths
constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

std::uint64_t share_of(std::uint64_t value, std::uint64_t per_million) {
  // In two parts, so that nothing overflows for tolerances below 18 million millions.
  const std::uint64_t whole = value / 1'000'000, rest = value % 1'000'000;
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(whole, per_million, &product)) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return saturated_sum(product, rest * per_million / 1'000'000);
}

std::uint64_t allowed_above(const Spread& baseline, const Tolerance& tolerance) {
  const std::uint64_t share = share_of(baseline.middle, tolerance.per_million);
  return tolerance.always_floor || baseline.varies() ? std::max(share, tolerance.floor) : share;
}

}  // namespace

Spread spread_of(std::span<const std::uint64_t> values) {
  if (values.empty()) return {};
  std::vector<std::uint64_t> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  std::uint64_t middle = sorted[half];
  if (sorted.size() % 2 == 0) middle = sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
  return Spread{middle, sorted.front(), sorted.back(), sorted.size()};
}

Tolerance default_tolerance(Metric metric) {
  switch (metric) {
    case Metric::allocated_bytes:
      return {1 * kPercent, 4 * kKiB, false};
    case Metric::allocations:
      return {1 * kPercent, 16, false};
    case Metric::failed:
      return {0, 0, false};
    case Metric::leaked_bytes:
      return {0, 4 * kKiB, false};
    case Metric::peak_heap:
      return {5 * kPercent, 4 * kKiB, false};
    case Metric::peak_rss:
      return {10 * kPercent, 1 * kMiB, true};
  }
  return {};
}

Decision decide(const Spread& baseline, const Spread& runs, const std::optional<Spread>& more,
                const Tolerance& tolerance) {
  Decision decision;
  decision.allowed = allowed_above(baseline, tolerance);
  const std::uint64_t bar = saturated_sum(baseline.middle, decision.allowed);
  const bool every_run = baseline.runs > 1 && runs.runs > 1 && baseline.varies();
  const auto fires = [&](const Spread& spread) {
    return spread.middle > bar && (!every_run || spread.min > baseline.max);
  };
  if (fires(runs)) {
    if (more && !fires(*more)) {
      decision.reason = Reason::not_confirmed;
      return decision;
    }
    decision.verdict = Verdict::worse;
    decision.reason = every_run ? Reason::every_run : Reason::beyond;
    decision.confirmed = more.has_value();
    return decision;
  }
  if (runs.middle > bar) {
    decision.reason = Reason::spread;
    return decision;
  }
  const bool lower = baseline.middle > decision.allowed &&
                     runs.middle < baseline.middle - decision.allowed &&
                     (!every_run || runs.max < baseline.min);
  if (lower) {
    decision.verdict = Verdict::better;
    decision.reason = Reason::better;
  }
  return decision;
}

Decision decide_limit(std::uint64_t limit, const Spread& runs, const std::optional<Spread>& more) {
  Decision decision;
  if (runs.middle <= limit) return decision;
  if (more && more->middle <= limit) {
    decision.reason = Reason::not_confirmed;
    return decision;
  }
  decision.verdict = Verdict::worse;
  decision.reason = Reason::beyond;
  decision.confirmed = more.has_value();
  return decision;
}

bool wants_confirmation(const Decision& decision, const Spread& runs, bool baseline_varies) {
  return decision.verdict == Verdict::worse && runs.runs > 1 && (runs.varies() || baseline_varies);
}

}  // namespace memwatch::gate
