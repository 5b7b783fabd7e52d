#include <fmt/format.h>

#include <algorithm>

#include "tools/render/gate.h"
#include "tools/render/gate_words.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

using gate::GateReport;
using gate::MetricResult;
using gate::Outcome;

constexpr std::size_t kMostBytes = 60'000;  // a comment on GitHub takes 65,536 characters
constexpr std::size_t kMostStacks = 5;

// Inline text: nothing that Markdown or HTML gives a meaning to.
std::string inline_text(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      if (std::string_view("\\`*_{}[]()#+!|~>@").find(c) != std::string_view::npos) result += '\\';
      result += c;
    }
  }
  return result;
}

// For a block between fences: no line of it can close the fence.
std::string fenced(std::string_view text) {
  std::string result = printable(text);
  std::replace(result.begin(), result.end(), '`', '\'');
  return result;
}

std::string head(const GateReport& report) {
  const bool passed = report.outcome == Outcome::passed;
  std::string text = fmt::format("### {} memwatch gate: {}\n\n", passed ? "✅" : "❌",
                                 inline_text(gate_headline(report)));
  text += fmt::format("`{}`", fenced(shorten_middle(printable(report.subject), 200)));
  if (!report.metrics.empty()) text += ", " + runs_phrase(report);
  if (!report.baseline_path.empty()) {
    text += fmt::format(", baseline `{}`", fenced(report.baseline_path));
  }
  return text + "\n";
}

std::string table(const GateReport& report) {
  std::string text =
      "\n| metric | baseline | now | change | allowed | limit | |\n"
      "|---|--:|--:|--:|--:|--:|---|\n";
  for (const MetricResult& result : report.metrics) {
    const std::string bold = result.failed() ? "**" : "";
    text += fmt::format("| {0}`{1}`{0} | {2} | {3} | {0}{4}{0} | {5} | {6} | {7} |\n", bold,
                        gate::metric_name(result.metric),
                        result.before ? metric_spread(result.metric, *result.before) : "",
                        metric_spread(result.metric, result.now), metric_change(result),
                        result.before ? allowance(result) : "",
                        result.limit ? metric_value(result.metric, *result.limit) : "",
                        result.before || result.limit ? verdict_word(result) : "");
  }
  return text;
}

std::string failed_metric(const MetricResult& result, const GateReport& report) {
  std::string text =
      fmt::format("\n#### `{}` {}\n\n", gate::metric_name(result.metric), metric_change(result));
  for (const std::string& rule : rule_sentences(result, report)) {
    text += inline_text(rule) + ".\n";
  }
  const std::string unlisted = unlisted_phrase(result);
  if (!unlisted.empty()) text += "\n" + inline_text(unlisted) + ".\n";
  if (result.grown.empty()) return text;
  text += "\nStacks that grew, largest first:\n\n```\n";
  std::size_t shown = 0;
  for (const gate::GrownStack& grown : result.grown) {
    if (++shown > kMostStacks) break;
    text += fmt::format("{}\n    {}\n", growth_phrase(result.metric, grown), fenced(grown.text));
  }
  text += "```\n";
  if (result.grown.size() > kMostStacks) {
    text += fmt::format("\nand {} more.\n", result.grown.size() - kMostStacks);
  }
  return text;
}

std::string stack_limits(const GateReport& report) {
  if (report.stack_limits.empty()) return "";
  std::string text = "\n| stack limit | | |\n|---|---|---|\n";
  for (const gate::StackLimitResult& result : report.stack_limits) {
    text += fmt::format("| {} | {} | {} |\n", inline_text(limit_title(result)),
                        inline_text(limit_sentence(result)), limit_mark(result));
  }
  return text;
}

std::string end(const GateReport& report) {
  std::string text;
  if (!report.environment.empty()) {
    text += fmt::format("\nNot measured where the baseline was: {}.\n",
                        inline_text(fmt::format("{}", fmt::join(report.environment, "; "))));
  }
  const std::string update = update_command(report);
  const bool worse = std::any_of(
      report.metrics.begin(), report.metrics.end(),
      [](const MetricResult& result) { return result.decision.verdict == gate::Verdict::worse; });
  if (!update.empty() && report.update == GateReport::Update::none &&
      (worse || (report.outcome == Outcome::passed && report.improved()))) {
    text += fmt::format("\n{}\n\n```\n{}\n```\n",
                        worse ? "If the rise is meant:" : "To keep what was won:", fenced(update));
  }
  return text;
}

}  // namespace

void write_gate_markdown(const GateReport& report, Output& output) {
  std::vector<std::string> parts = {head(report)};
  if (!report.metrics.empty()) {
    parts.push_back(table(report));
    for (const MetricResult& result : report.metrics) {
      if (result.failed()) parts.push_back(failed_metric(result, report));
    }
    parts.push_back(stack_limits(report));
  }
  parts.push_back(end(report));
  // Whole parts or none, so that no table or fence is left open.
  std::size_t room = kMostBytes - 200;
  bool cut = false;
  for (const std::string& part : parts) {
    cut = cut || part.size() > room;
    if (part.size() > room) continue;
    room -= part.size();
    output.write(part);
  }
  if (cut) output.write("\nThis is cut: the whole would be larger than a comment may be.\n");
}

}  // namespace memwatch::render
