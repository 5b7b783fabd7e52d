#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tools/render/gate.h"
#include "tools/render/gate_words.h"
#include "tools/render/human.h"
#include "tools/render/page.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"
#include "tools/render/table.h"

namespace memwatch::render {
namespace {

using gate::GateReport;
using gate::MetricResult;
using gate::Outcome;
using gate::Verdict;

Tone tone_of(const GateReport& report) {
  return report.outcome == Outcome::passed ? Tone::good : Tone::bad;
}

void write_head(Page& page, const GateReport& report) {
  page.line(page.paint(Tone::strong, "memwatch gate: ") +
            shorten_middle(printable(report.subject), page.width() - 15));
  std::string facts = runs_phrase(report);
  if (!report.baseline_path.empty()) facts += ", baseline " + printable(report.baseline_path);
  page.line("  " + page.paint(tone_of(report), printable(gate_headline(report))));
  if (report.outcome == Outcome::passed || report.outcome == Outcome::regressed) {
    page.line("  " + page.paint(Tone::faint, shorten_middle(facts, page.width() - 2)));
  }
}

void write_table(Page& page, const GateReport& report) {
  const bool compared = std::any_of(report.metrics.begin(), report.metrics.end(),
                                    [](const MetricResult& r) { return r.before.has_value(); });
  const bool limited = std::any_of(report.metrics.begin(), report.metrics.end(),
                                   [](const MetricResult& r) { return r.limit.has_value(); });
  std::vector<Column> columns = {{"metric", Align::left}};
  if (compared) columns.push_back({"baseline"});
  columns.push_back({"now"});
  if (compared) columns.insert(columns.end(), {{"change"}, {"allowed"}});
  if (limited) columns.push_back({"limit"});
  columns.push_back({"", Align::left});
  Table table(columns);
  for (const MetricResult& result : report.metrics) {
    const Tone tone = result.failed()                              ? Tone::bad
                      : result.decision.verdict == Verdict::better ? Tone::good
                                                                   : Tone::plain;
    std::vector<Cell> cells = {{std::string(gate::metric_name(result.metric)), tone}};
    if (compared) {
      cells.push_back({result.before ? metric_value(result.metric, result.before->middle) : ""});
    }
    cells.push_back({metric_value(result.metric, result.now.middle)});
    if (compared) {
      cells.push_back({metric_change(result), tone});
      cells.push_back({result.before ? allowance(result) : "", Tone::faint});
    }
    if (limited) {
      cells.push_back(
          {result.limit ? metric_value(result.metric, *result.limit) : "", Tone::faint});
    }
    const bool judged = result.before || result.limit;
    cells.push_back({judged && report.update == GateReport::Update::none ? verdict_word(result)
                     : result.failed()                                   ? verdict_word(result)
                                                                         : "",
                     tone});
    table.add(std::move(cells));
  }
  page.blank();
  table.write(page);
}

void write_stack(Page& page, const GateReport& report, model::StackId stack) {
  page.lines(stack_lines(page, *report.stacks, stack,
                         StackLayout{.indent = 8, .lines = page.options().frames}));
}

// shown_stacks: those whose frames stand further up already; a line is enough for those.
void write_failed_metric(Page& page, const GateReport& report, const MetricResult& result,
                         std::set<model::StackId>& shown_stacks) {
  page.blank();
  page.line(page.paint(Tone::strong, gate::metric_name(result.metric)) + "  " +
            page.paint(Tone::bad, metric_change(result)));
  for (const std::string& rule : rule_sentences(result, report)) {
    page.sentence(Tone::plain, rule + ".", 2);
  }
  const std::string unlisted = unlisted_phrase(result);
  if (result.grown.empty() && unlisted.empty()) return;
  const std::size_t top = page.options().top;
  const std::size_t shown = top == 0 ? result.grown.size() : std::min(top, result.grown.size());
  page.line("  Stacks that grew, largest first:");
  for (std::size_t i = 0; i < shown; ++i) {
    page.line(
        fmt::format("    {}  {}", i + 1,
                    page.paint(Tone::caution, growth_phrase(result.metric, result.grown[i]))));
    if (shown_stacks.insert(result.grown[i].stack).second) {
      write_stack(page, report, result.grown[i].stack);
    } else {
      page.line("        " +
                page.paint(Tone::name, stack_headline(*report.stacks, result.grown[i].stack,
                                                      page.width() - 20)) +
                page.paint(Tone::faint, ", as above"));
    }
  }
  if (shown < result.grown.size()) {
    page.line("    " + page.paint(Tone::faint, fmt::format("… and {} more (--top 0 shows all)",
                                                           result.grown.size() - shown)));
  }
  if (!unlisted.empty()) page.line("    " + unlisted);
}

void write_other_rules(Page& page, const GateReport& report) {
  // Why something that rose did not fail is worth a line; that something did not rise is not.
  for (const MetricResult& result : report.metrics) {
    const bool noise = result.decision.reason == gate::Reason::spread ||
                       result.decision.reason == gate::Reason::not_confirmed;
    if (!noise || result.failed()) continue;
    page.blank();
    for (const std::string& rule : rule_sentences(result, report)) {
      page.sentence(Tone::plain, fmt::format("{}: {}.", gate::metric_name(result.metric), rule), 2);
    }
  }
}

void write_stack_limits(Page& page, const GateReport& report) {
  if (report.stack_limits.empty()) return;
  page.blank();
  page.line(page.paint(Tone::strong, "Stack limits of the budget"));
  for (const gate::StackLimitResult& result : report.stack_limits) {
    page.sentence(result.failed()         ? Tone::bad
                  : result.is_unchecked() ? Tone::caution
                                          : Tone::plain,
                  fmt::format("{:<6}  {}: {}", limit_mark(result), limit_title(result),
                              limit_sentence(result)),
                  2);
    if (result.failed() && result.largest != model::kNone) {
      page.line("      the largest of them:");
      write_stack(page, report, result.largest);
    }
  }
}

void write_end(Page& page, const GateReport& report) {
  if (!report.environment.empty()) {
    page.blank();
    page.sentence(Tone::caution, fmt::format("Not measured where the baseline was: {}.",
                                             fmt::join(report.environment, "; ")));
  }
  const std::string update = update_command(report);
  if (update.empty() || report.update != GateReport::Update::none) return;
  const bool worse =
      std::any_of(report.metrics.begin(), report.metrics.end(),
                  [](const MetricResult& r) { return r.decision.verdict == Verdict::worse; });
  if (worse || (report.outcome == Outcome::passed && report.improved())) {
    page.blank();
    page.line(worse ? "If the rise is meant:" : "To keep what was won:");
    page.line("  " + page.paint(Tone::command, update));
  }
}

}  // namespace

void write_gate_text(const GateReport& report, const RenderOptions& options, Output& output) {
  Page page(options);
  write_head(page, report);
  if (!report.metrics.empty()) {
    write_table(page, report);
    std::set<model::StackId> shown_stacks;
    for (const MetricResult& result : report.metrics) {
      if (result.failed()) write_failed_metric(page, report, result, shown_stacks);
    }
    write_other_rules(page, report);
    write_stack_limits(page, report);
  }
  write_end(page, report);
  output.write(std::move(page).take());
}

}  // namespace memwatch::render
