#include "tools/render/gate_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/signed.h"

namespace memwatch::render {
namespace {

using gate::GateReport;
using gate::Metric;
using gate::MetricResult;
using gate::Outcome;
using gate::Reason;
using gate::Spread;
using gate::StackFigure;
using gate::Verdict;

std::string value_text(bool bytes, std::uint64_t value) {
  return bytes ? human_bytes(value) : exact_count(value);
}

std::string spread_text(bool bytes, const Spread& spread) {
  const std::string middle = value_text(bytes, spread.middle);
  if (!spread.varies()) return middle;
  return fmt::format("{} ({} to {})", middle, value_text(bytes, spread.min),
                     value_text(bytes, spread.max));
}

std::string percentage(std::uint64_t per_million) {
  return fmt::format("{:.4g} %", static_cast<double>(per_million) / 10'000);
}

// "the middle of 3 runs, 21.6 MiB,".
std::string middle_phrase(const MetricResult& result) {
  const std::string value = metric_value(result.metric, result.now.middle);
  if (result.now.runs == 1) return value;
  return fmt::format("{}, the middle of {} runs,", value, result.now.runs);
}

// "19.2 MiB + 5 %", the baseline and what it may rise by.
std::string bar_phrase(const MetricResult& result) {
  const std::string value = metric_value(result.metric, result.before->middle);
  if (result.decision.allowed == 0) return fmt::format("the baseline's {}", value);
  return fmt::format("{}, the baseline's {} and {}",
                     metric_value(result.metric, result.before->middle + result.decision.allowed),
                     value, allowance(result));
}

std::string baseline_sentence(const MetricResult& result, const GateReport& report) {
  const std::string more = fmt::format("{} more runs", report.confirming_runs);
  switch (result.decision.reason) {
    case Reason::within:
      return fmt::format("{} is not above {}", middle_phrase(result), bar_phrase(result));
    case Reason::beyond:
    case Reason::every_run: {
      std::string rule = fmt::format("{} is above {}", middle_phrase(result), bar_phrase(result));
      if (result.decision.reason == Reason::every_run) {
        rule += fmt::format(", and every run is above the baseline's maximum of {}",
                            metric_value(result.metric, result.before->max));
      }
      if (result.decision.confirmed) rule += fmt::format("; {} agree", more);
      return rule;
    }
    case Reason::spread:
      return fmt::format(
          "{} is above {}, but a run of {} is no higher than the baseline's own maximum of {}: "
          "taken for noise",
          middle_phrase(result), bar_phrase(result), metric_value(result.metric, result.now.min),
          metric_value(result.metric, result.before->max));
    case Reason::not_confirmed:
      return fmt::format("the first {} were above {}, {} were not: taken for noise",
                         counted(report.runs, "run", "runs"), bar_phrase(result), more);
    case Reason::better:
      return fmt::format("{} is below the baseline's {} by more than {}", middle_phrase(result),
                         metric_value(result.metric, result.before->middle), allowance(result));
  }
  return "";
}

}  // namespace

std::string gate_headline(const GateReport& report) {
  if (report.outcome == Outcome::target_failed) return "the program failed: " + report.failure;
  if (report.outcome == Outcome::not_measured) return "not measured: " + report.failure;
  const auto failed = [](const auto& results) {
    return static_cast<std::size_t>(std::count_if(
        results.begin(), results.end(), [](const auto& result) { return result.failed(); }));
  };
  const std::size_t metrics = failed(report.metrics), limits = failed(report.stack_limits);
  if (report.outcome == Outcome::regressed) {
    std::string text = "REGRESSED: ";
    if (metrics > 0) text += fmt::format("{} of {} metrics", metrics, report.metrics.size());
    if (metrics > 0 && limits > 0) text += " and ";
    if (limits > 0)
      text += fmt::format("{} of {} stack limits", limits, report.stack_limits.size());
    return text;
  }
  if (report.update == GateReport::Update::written) return "baseline written";
  if (report.update == GateReport::Update::unchanged) return "baseline unchanged";
  return report.improved() ? "passed, and improved" : "passed";
}

std::string runs_phrase(const GateReport& report) {
  const std::size_t runs = report.runs;
  if (report.recorded) return counted(runs, "recorded session", "recorded sessions");
  std::string text = counted(runs, "run", "runs");
  if (report.confirming_runs > 0) text += fmt::format(" and {} more", report.confirming_runs);
  return text;
}

std::string metric_value(Metric metric, std::uint64_t value) {
  return value_text(gate::is_bytes(metric), value);
}

std::string figure_value(StackFigure figure, std::uint64_t value) {
  return value_text(gate::is_bytes(figure), value);
}

std::string metric_spread(Metric metric, const Spread& spread) {
  return spread_text(gate::is_bytes(metric), spread);
}

std::string figure_spread(StackFigure figure, const Spread& spread) {
  return spread_text(gate::is_bytes(figure), spread);
}

std::string metric_change(const MetricResult& result) {
  if (!result.before) return "";
  const std::uint64_t before = result.before->middle, now = result.now.middle;
  if (before == now) return "±0";
  const std::string percent = signed_percent(before, now);
  const std::string change =
      gate::is_bytes(result.metric) ? signed_bytes(before, now) : signed_count(before, now);
  return percent.empty() ? change : fmt::format("{} ({})", change, percent);
}

std::string allowance(const MetricResult& result) {
  const auto& tolerance = result.tolerance;
  const bool floor =
      tolerance.floor > 0 && result.before && (tolerance.always_floor || result.before->varies());
  if (tolerance.per_million == 0 && !floor) return "nothing";
  if (!floor) return percentage(tolerance.per_million);
  const std::string amount = metric_value(result.metric, tolerance.floor);
  if (tolerance.per_million == 0) return amount;
  // The larger of the two is what counts.
  return result.decision.allowed == tolerance.floor ? amount : percentage(tolerance.per_million);
}

std::string verdict_word(const MetricResult& result) {
  if (result.decision.verdict == Verdict::worse) return "REGRESSED";
  if (result.failed()) return "OVER LIMIT";
  if (result.decision.verdict == Verdict::better) return "better";
  const bool noise =
      result.decision.reason == Reason::spread || result.decision.reason == Reason::not_confirmed;
  return noise ? "ok (noise)" : "ok";
}

std::vector<std::string> rule_sentences(const MetricResult& result, const GateReport& report) {
  std::vector<std::string> sentences;
  // Of a metric that fails by its limit alone, that it is within the tolerance explains nothing.
  const bool by_limit = result.failed() && result.decision.verdict != Verdict::worse;
  if (result.before && !by_limit) sentences.push_back(baseline_sentence(result, report));
  if (result.limit_decision && result.limit_decision->verdict == Verdict::worse) {
    sentences.push_back(fmt::format("{} is above the budget's limit of {}", middle_phrase(result),
                                    metric_value(result.metric, *result.limit)));
  }
  if (result.failed() && result.held_bytes > 0) {
    sentences.push_back(
        fmt::format("These blocks hold another {}, which is lost with them and not counted here",
                    human_bytes(result.held_bytes)));
  }
  if (result.metric == Metric::leaked_bytes && result.failed() &&
      report.leak_method == "lifetime") {
    sentences.emplace_back("What is not freed at exit counts as leaked, since that was the method");
  }
  return sentences;
}

std::string limit_title(const gate::StackLimitResult& result) {
  return fmt::format("{} ({})", printable(result.limit->name),
                     gate::stack_limit_key(result.figure));
}

std::string_view limit_mark(const gate::StackLimitResult& result) {
  if (result.failed()) return "FAILED";
  return result.is_unchecked() ? "not checked" : "ok";
}

std::string limit_sentence(const gate::StackLimitResult& result) {
  const std::string now = figure_spread(result.figure, result.now);
  const std::string most = figure_value(result.figure, result.most);
  if (result.stacks == 0) {
    return result.limit->optional ? "no stack matches, which is allowed"
                                  : "no stack matches: is the pattern still right?";
  }
  const std::string stacks = counted(result.stacks, "stack", "stacks");
  if (result.failed()) {
    return fmt::format("{} in {} is above the limit of {}{}", now, stacks, most,
                       result.decision.confirmed ? "; 5 more runs agree" : "");
  }
  return fmt::format("{} of {} in {}", now, most, stacks);
}

std::string growth_phrase(Metric metric, const gate::GrownStack& grown) {
  const std::string change = gate::is_bytes(metric) ? signed_bytes(grown.before, grown.after)
                                                    : signed_count(grown.before, grown.after);
  const std::string held = grown.held_bytes == 0 ? ""
                                                 : fmt::format("; its blocks hold another {}",
                                                               human_bytes(grown.held_bytes));
  if (grown.before == 0) return change + ", new" + held;
  const std::string now = metric_value(metric, grown.after);
  if (!grown.listed) {
    return fmt::format("{} or more, from at most {} to {}{}", change,
                       metric_value(metric, grown.before), now, held);
  }
  return fmt::format("{}, from {} to {}{}", change, metric_value(metric, grown.before), now, held);
}

std::string unlisted_phrase(const MetricResult& result) {
  const auto& unlisted = result.unlisted;
  if (unlisted.after <= unlisted.before || unlisted.before == 0) return "";
  return growth_phrase(result.metric,
                       {unlisted.before, unlisted.after, true, {}, model::kNone, 0}) +
         ", in all stacks that the baseline does not list";
}

std::string update_command(const GateReport& report) {
  constexpr std::size_t kLongest = 300;  // beyond that nobody reads it, and a shell has it already
  if (report.update_arguments.empty()) return "";
  std::string command = printable(command_line(report.update_arguments));
  return command.size() <= kLongest ? command : "the same command with --update";
}

}  // namespace memwatch::render
