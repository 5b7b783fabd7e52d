#include "collector/analysis/diff.h"

#include <algorithm>
#include <unordered_map>

#include "collector/analysis/deviation.h"
#include "collector/analysis/leaked.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/ranking.h"
#include "collector/analysis/stack_identity.h"
#include "collector/analysis/sums.h"

namespace memwatch::analysis {
namespace {

std::uint64_t value_of(const model::Site& site, DiffMetric metric) {
  switch (metric) {
    case DiffMetric::live:
    case DiffMetric::leaked:
      return site.live_bytes;
    case DiffMetric::peak:
      return site.peak_bytes;
    case DiffMetric::allocated:
      return site.allocated_bytes;
    case DiffMetric::allocations:
      return site.allocations;
  }
  return 0;
}

std::uint64_t total_of(const Sums& sums, DiffMetric metric) {
  switch (metric) {
    case DiffMetric::live:
    case DiffMetric::leaked:
      return sums.live_bytes;
    case DiffMetric::peak:
      return sums.peak_bytes_sum;
    case DiffMetric::allocated:
      return sums.totals.allocated_bytes;
    case DiffMetric::allocations:
      return sums.totals.allocations;
  }
  return 0;
}

std::uint64_t deviation_of(const Selection& selection, const Sums& sums, DiffMetric metric) {
  if (metric == DiffMetric::live || metric == DiffMetric::leaked) return sums.live_deviation;
  if (metric == DiffMetric::allocated) return sums.totals.allocated_deviation;
  std::uint64_t deviation = 0;
  if (metric == DiffMetric::peak) {
    for (const model::Process* process : selection.processes()) {
      deviation = combined_deviation(deviation, process->heap.peak_deviation);
    }
  }
  return deviation;
}

struct Amount {
  model::StackId stack = model::kNone;
  std::uint64_t value = 0;
};

// A session's figure per stack of its own, and the method where it is a verdict on leaks.
struct Amounts {
  std::vector<Amount> stacks;
  std::uint64_t total = 0;
  bool by_lifetime = true;
};

Amounts leaked_amounts(const Selection& selection) {
  Amounts amounts;
  for (const model::Process* process : selection.processes()) {
    const Leaked leaked = leaked_of(*process, selection);
    amounts.by_lifetime = amounts.by_lifetime && leaked.method == "lifetime";
    amounts.total += leaked.lost + leaked.indirect;
    for (const LeakedStack& each : leaked.stacks) {
      amounts.stacks.push_back({each.stack, each.lost + each.indirect});
    }
  }
  return amounts;
}

Amounts amounts_of(const Selection& selection, const Sums& sums, DiffMetric metric) {
  if (metric == DiffMetric::leaked) {
    Amounts leaked = leaked_amounts(selection);
    // A session that only counted has no stacks, yet knows what was live at the end.
    if (leaked.stacks.empty() && leaked.by_lifetime) leaked.total = sums.live_bytes;
    return leaked;
  }
  Amounts amounts;
  amounts.total = total_of(sums, metric);
  for (const model::Site& site : merged_sites(selection)) {
    amounts.stacks.push_back({site.stack, value_of(site, metric)});
  }
  return amounts;
}

DiffSide side_of(const model::Session& session, const Selection& selection, const Sums& sums,
                 const Amounts& amounts, DiffMetric metric) {
  DiffSide side;
  side.session = &session;
  side.total = amounts.total;
  side.deviation = deviation_of(selection, sums, metric);
  side.processes = session.processes.size();
  side.counted_only = !session.processes.empty();
  for (const model::Process& process : session.processes) {
    side.sampled = side.sampled || process.mode == model::Mode::sample;
    side.counted_only = side.counted_only && process.mode == model::Mode::idle;
  }
  side.lossless = sums.losses.nothing_lost();
  side.by_lifetime = amounts.by_lifetime;
  if (metric == DiffMetric::leaked) side.leaks_doubt = why_leaks_doubtful(session);
  for (const Amount& amount : amounts.stacks) side.by_stack += amount.value;
  return side;
}

// Both sessions' stacks of one identity.
struct Pair {
  StackDelta delta;
  std::uint64_t largest = 0;  // of the session that delta.stack is of
};

using Pairs = std::unordered_map<std::uint64_t, Pair>;

void add_side(Pairs& pairs, const model::Session& session, const Amounts& amounts,
              StackIdentities identities, std::uint64_t StackDelta::*side) {
  for (const Amount& amount : amounts.stacks) {
    if (amount.value == 0) continue;
    Pair& pair = pairs[identities.of(amount.stack)];
    pair.delta.*side += amount.value;
    // The new session is added last and takes the stack over.
    if (pair.delta.session == &session && amount.value <= pair.largest) continue;
    pair.delta.session = &session;
    pair.delta.stack = amount.stack;
    pair.largest = amount.value;
  }
}

std::uint64_t distance(const StackDelta& row) {
  return row.after > row.before ? row.after - row.before : row.before - row.after;
}

void add(DeltaSum& sum, std::uint64_t amount) {
  ++sum.stacks;
  sum.amount += amount;
}

void sort_out(Diff& diff, const Pairs& pairs) {
  for (const auto& [identity, pair] : pairs) {
    const StackDelta& row = pair.delta;
    if (row.before == row.after) {
      add(diff.unchanged, row.after);
      diff.same.push_back(row);
      continue;
    }
    add(row.after > row.before ? diff.grown : diff.shrunk, distance(row));
    if (row.before == 0) add(diff.added, row.after);
    if (row.after == 0) add(diff.gone, row.before);
    diff.rows.push_back(row);
  }
  // Ties in an order that the sessions decide, so that the same pair always gives the same text.
  std::sort(diff.rows.begin(), diff.rows.end(), [&](const StackDelta& a, const StackDelta& b) {
    if (distance(a) != distance(b)) return distance(a) > distance(b);
    const bool a_is_new = a.session == diff.after.session;
    const bool b_is_new = b.session == diff.after.session;
    return a_is_new != b_is_new ? a_is_new : a.stack < b.stack;
  });
}

}  // namespace

std::string_view diff_metric_name(DiffMetric metric) {
  return kDiffMetricNames[static_cast<std::size_t>(metric)];
}

std::optional<DiffMetric> diff_metric_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kDiffMetricNames.size(); ++i) {
    if (kDiffMetricNames[i] == name) return static_cast<DiffMetric>(i);
  }
  return std::nullopt;
}

Diff diff_sessions(const model::Session& before, const model::Session& after, DiffMetric metric) {
  const Selection all_before(before), all_after(after);
  const Sums sums_before = sum_processes(all_before), sums_after = sum_processes(all_after);
  const Amounts amounts_before = amounts_of(all_before, sums_before, metric);
  const Amounts amounts_after = amounts_of(all_after, sums_after, metric);

  Diff diff;
  diff.metric = metric;
  diff.before = side_of(before, all_before, sums_before, amounts_before, metric);
  diff.after = side_of(after, all_after, sums_after, amounts_after, metric);
  diff.doubts.different_programs = program_identity(before) != program_identity(after);
  diff.doubts.different_modes = diff.before.sampled != diff.after.sampled ||
                                diff.before.counted_only != diff.after.counted_only;
  diff.doubts.different_leak_methods =
      metric == DiffMetric::leaked && diff.before.by_lifetime != diff.after.by_lifetime;

  const ModuleNames comparable = same_builds(before, after);
  Pairs pairs;
  add_side(pairs, before, amounts_before, StackIdentities(before, comparable), &StackDelta::before);
  add_side(pairs, after, amounts_after, StackIdentities(after, comparable), &StackDelta::after);
  sort_out(diff, pairs);
  return diff;
}

}  // namespace memwatch::analysis
