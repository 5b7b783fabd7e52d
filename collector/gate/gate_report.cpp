#include "collector/gate/gate_report.h"

#include <algorithm>
#include <map>
#include <set>

namespace memwatch::gate {
namespace {

constexpr std::size_t kMostGrown = 50;

Tolerance tolerance_of(const Budget& budget, Metric metric) {
  const auto index = static_cast<std::size_t>(metric);
  Tolerance tolerance = default_tolerance(metric);
  if (budget.tolerance[index]) tolerance.per_million = *budget.tolerance[index];
  if (budget.floor[index]) {
    tolerance.floor = *budget.floor[index];
    tolerance.always_floor = true;
  }
  return tolerance;
}

std::vector<GrownStack> grown_stacks(const std::vector<MeasuredStack>& now,
                                     const Baseline& baseline, StackFigure figure) {
  const auto index = static_cast<std::size_t>(figure);
  std::map<std::string_view, std::uint64_t> before;
  for (const BaselineStack& stack : baseline.stacks) before[stack.text] = stack.figures[index];
  std::vector<GrownStack> grown;
  for (const MeasuredStack& stack : now) {
    const auto entry = before.find(stack.text);
    const bool listed = entry != before.end() || baseline.largest_other[index] == 0;
    const std::uint64_t then =
        entry != before.end() ? entry->second : baseline.largest_other[index];
    if (stack.figures[index] <= then) continue;
    const std::uint64_t held = figure == StackFigure::leaked_bytes ? stack.held_bytes : 0;
    grown.push_back(GrownStack{then, stack.figures[index], listed, stack.text, stack.stack, held});
  }
  std::stable_sort(grown.begin(), grown.end(), [](const GrownStack& a, const GrownStack& b) {
    return a.after - a.before > b.after - b.before;
  });
  if (grown.size() > kMostGrown) grown.resize(kMostGrown);
  return grown;
}

UnlistedStacks unlisted_stacks(const Measurement& measurement,
                               const std::vector<MeasuredStack>& now, const Baseline& baseline,
                               StackFigure figure) {
  const auto index = static_cast<std::size_t>(figure);
  std::set<std::string_view> listed;
  for (const BaselineStack& stack : baseline.stacks) listed.insert(stack.text);
  UnlistedStacks unlisted{baseline.others[index], measurement.other_stacks().sum[index]};
  for (const MeasuredStack& stack : now) {
    if (listed.count(stack.text) == 0) unlisted.after += stack.figures[index];
  }
  return unlisted;
}

class Assessor {
 public:
  explicit Assessor(const Assessment& assessment)
      : assessment_(assessment),
        measurement_(assessment.measurement),
        runs_(measurement_.runs()),
        first_(std::min(assessment.first, runs_)) {}

  GateReport assess() {
    GateReport report;
    report.runs = first_;
    report.confirming_runs = runs_ - first_;
    report.leak_method = measurement_.leak_method();
    report.stacks = &measurement_.copies();
    for (std::size_t i = 0; i < kMetricCount; ++i) {
      report.metrics.push_back(metric_result(static_cast<Metric>(i)));
    }
    for (std::size_t i = 0; i < measurement_.budget().stacks.size(); ++i) {
      add_stack_limits(i, report.stack_limits);
    }
    const auto failed = [&](const auto& results) {
      return std::any_of(results.begin(), results.end(),
                         [](const auto& result) { return result.failed(); });
    };
    if (failed(report.metrics) || failed(report.stack_limits)) report.outcome = Outcome::regressed;
    return report;
  }

 private:
  // The confirming runs by themselves, once there are any.
  template <typename SpreadOf>
  std::optional<Spread> more(SpreadOf spread_of_runs) const {
    if (runs_ == first_) return std::nullopt;
    return spread_of_runs(first_, runs_ - first_);
  }

  MetricResult metric_result(Metric metric) {
    const auto index = static_cast<std::size_t>(metric);
    const auto spread = [&](std::size_t first, std::size_t count) {
      return measurement_.spread(metric, first, count);
    };
    MetricResult result;
    result.metric = metric;
    result.now = spread(0, runs_);
    result.tolerance = tolerance_of(measurement_.budget(), metric);
    if (assessment_.baseline != nullptr) {
      result.before = assessment_.baseline->metrics[index];
      result.decision = decide(*result.before, spread(0, first_), more(spread), result.tolerance);
      if (assessment_.updating && result.decision.verdict == Verdict::worse) {
        result.decision.verdict = Verdict::within;
      }
    }
    if (const auto& limit = measurement_.budget().limit[index]) {
      result.limit = *limit;
      result.limit_decision = decide_limit(*limit, spread(0, first_), more(spread));
    }
    if (metric == Metric::leaked_bytes) result.held_bytes = measurement_.held_bytes();
    const auto figure = stack_figure_of(metric);
    if (result.failed() && figure && assessment_.baseline != nullptr) {
      if (stacks_.empty()) stacks_ = measurement_.largest_stacks();
      result.grown = grown_stacks(stacks_, *assessment_.baseline, *figure);
      result.unlisted = unlisted_stacks(measurement_, stacks_, *assessment_.baseline, *figure);
    }
    return result;
  }

  void add_stack_limits(std::size_t index, std::vector<StackLimitResult>& results) const {
    const StackLimit& limit = measurement_.budget().stacks[index];
    for (std::size_t i = 0; i < kStackFigureCount; ++i) {
      if (!limit.most[i]) continue;
      const auto figure = static_cast<StackFigure>(i);
      const auto spread = [&](std::size_t first, std::size_t count) {
        return measurement_.picked(index, figure, first, count);
      };
      StackLimitResult result;
      result.limit = &limit;
      result.figure = figure;
      result.most = *limit.most[i];
      result.now = spread(0, runs_);
      result.decision = decide_limit(result.most, spread(0, first_), more(spread));
      result.stacks = measurement_.picked_stacks(index);
      result.largest = measurement_.largest_picked(index, figure);
      results.push_back(result);
    }
  }

  const Assessment& assessment_;
  const Measurement& measurement_;
  std::size_t runs_, first_;
  std::vector<MeasuredStack> stacks_;
};

}  // namespace

bool GateReport::improved() const {
  return std::any_of(metrics.begin(), metrics.end(), [](const MetricResult& result) {
    return result.decision.verdict == Verdict::better;
  });
}

GateReport assess(const Assessment& assessment) {
  return Assessor(assessment).assess();
}

bool wants_confirmation(const GateReport& report) {
  const auto wants = [](const Decision& decision, const Spread& now, bool baseline_varies) {
    return wants_confirmation(decision, now, baseline_varies);
  };
  for (const MetricResult& result : report.metrics) {
    if (wants(result.decision, result.now, result.before && result.before->varies())) return true;
    if (result.limit_decision && wants(*result.limit_decision, result.now, false)) return true;
  }
  return std::any_of(
      report.stack_limits.begin(), report.stack_limits.end(),
      [&](const StackLimitResult& result) { return wants(result.decision, result.now, false); });
}

}  // namespace memwatch::gate
