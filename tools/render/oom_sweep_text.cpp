#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tools/render/human.h"
#include "tools/render/oom_sweep.h"
#include "tools/render/page.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"
#include "tools/render/table.h"

namespace memwatch::render {
namespace {

using analysis::OomSweep;
using analysis::SweepOutcome;
using analysis::SweptRun;

struct Group {
  SweepOutcome outcome;
  const char* title;
  const char* summary;  // "3 crashed"
};
constexpr std::array<Group, analysis::kSweepOutcomes> kGroups = {{
    {SweepOutcome::crashed, "Crashed", "crashed"},
    {SweepOutcome::hung, "Hung", "hung"},
    {SweepOutcome::leaked, "Leaked", "leaked"},
    {SweepOutcome::failed, "Gave up with another exit status", "gave up"},
    {SweepOutcome::went_on, "Went on", "went on"},
    {SweepOutcome::not_disturbed, "Did not make the call this time", "did not make the call"},
}};

std::string call_of(const SweptRun& run) {
  if (run.failures == 0) return "no call";
  return fmt::format("{} of {}", function_name(run.function), human_bytes(run.requested));
}

std::string consequence_of(const OomSweep& sweep, const SweptRun& run) {
  switch (run.outcome) {
    case SweepOutcome::crashed:
      if (run.crashed_child.empty()) return signal_name(run.signal);
      return fmt::format("{} in {}", signal_name(run.signal),
                         printable(short_path(run.crashed_child)));
    case SweepOutcome::hung:
      return "killed when its time was up";
    case SweepOutcome::leaked:
      return fmt::format(
          "{} in {} lost{}", human_bytes(run.lost_bytes),
          counted(run.lost_blocks, "block", "blocks"),
          run.exit_code != sweep.exit_code ? fmt::format(", exit status {}", run.exit_code) : "");
    case SweepOutcome::failed:
      return fmt::format("exit status {}", run.exit_code);
    case SweepOutcome::went_on:
      return run.same_output ? "" : "other output";
    case SweepOutcome::not_disturbed:
      break;
  }
  return "";
}

std::string summary_of(const OomSweep& sweep) {
  const analysis::SweepCounts counts = analysis::count_outcomes(sweep);
  std::string text;
  for (const Group& group : kGroups) {
    if (counts[group.outcome] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", exact_count(counts[group.outcome]),
                        group.summary);
  }
  return text.empty() ? "no run" : text;
}

bool has_findings(const OomSweep& sweep) {
  return std::any_of(sweep.runs.begin(), sweep.runs.end(),
                     [](const SweptRun& run) { return analysis::is_finding(run.outcome); });
}

void write_head(Page& page, const OomSweep& sweep) {
  page.line(page.paint(Tone::strong, "memwatch oom-sweep: ") +
            shorten_middle(printable(command_title(sweep.command)), page.width() - 20));
  page.line("  " + page.paint(has_findings(sweep) ? Tone::bad : Tone::good, summary_of(sweep)));
  std::string facts = fmt::format(
      "{}, {} in each run{}; undisturbed: exit status {} after {}",
      counted(sweep.sites, "allocation site", "allocation sites"),
      sweep.persistent ? "one failing from its first call on" : "the first call of one failing",
      sweep.skipped > 0 ? fmt::format(" ({} left out by --filter)", exact_count(sweep.skipped))
                        : "",
      sweep.exit_code, human_duration(sweep.seconds));
  page.sentence(Tone::faint, facts, 2);
  if (sweep.left_out() > 0) {
    page.sentence(Tone::caution,
                  fmt::format("{} not run{}", counted(sweep.left_out(), "site was", "sites were"),
                              sweep.interrupted ? ": interrupted" : " (--max-runs)"),
                  2);
  }
}

void write_finding(Page& page, const OomSweep& sweep, const model::Session& session,
                   const SweptRun& run) {
  page.blank();
  page.line(fmt::format("  {}: {}", page.paint(Tone::strong, call_of(run)),
                        page.paint(Tone::bad, consequence_of(sweep, run))));
  page.lines(stack_lines(page, session, run.stack, {6, page.options().frames}));
  if (!run.lost_at.empty()) {
    page.line("    lost: allocated at " +
              shorten_middle(printable(run.lost_at), page.width() - 24));
  }
  page.line("    " + page.paint(Tone::command, printable(reproducing_command(sweep, run))));
}

void write_others(Page& page, const OomSweep& sweep, const model::Session& session,
                  const std::vector<const SweptRun*>& runs, std::size_t most) {
  Table table({{"", Align::left}, {"", Align::left}, {"", Align::left}});
  for (std::size_t i = 0; i < std::min(most, runs.size()); ++i) {
    const SweptRun& run = *runs[i];
    table.add({{run.failures == 0 ? analysis::injection_of(sweep, run) : call_of(run)},
               {printable(stack_headline(session, run.stack, 60)), Tone::name},
               {consequence_of(sweep, run), Tone::faint}});
  }
  table.write(page);
}

void write_group(Page& page, const OomSweep& sweep, const model::Session& session,
                 const Group& group) {
  std::vector<const SweptRun*> runs;
  for (const SweptRun& run : sweep.runs) {
    if (run.outcome == group.outcome) runs.push_back(&run);
  }
  if (runs.empty()) return;
  page.blank();
  page.line(
      page.paint(Tone::strong, fmt::format("{} ({})", group.title, exact_count(runs.size()))));
  const std::size_t most = page.options().top == 0 ? runs.size() : page.options().top;
  if (analysis::is_finding(group.outcome)) {
    for (std::size_t i = 0; i < std::min(most, runs.size()); ++i) {
      write_finding(page, sweep, session, *runs[i]);
    }
  } else {
    write_others(page, sweep, session, runs, most);
  }
  if (runs.size() > most) {
    page.line(page.paint(Tone::faint, fmt::format("  and {} more (--top 0 shows all)",
                                                  exact_count(runs.size() - most))));
  }
}

}  // namespace

std::string reproducing_command(const OomSweep& sweep, const SweptRun& run) {
  return fmt::format("memwatch run --inject-failure {} -- {}", analysis::injection_of(sweep, run),
                     command_line(sweep.command));
}

void write_oom_sweep_text(const OomSweep& sweep, const model::Session& session,
                          const RenderOptions& options, Output& output) {
  Page page(options);
  write_head(page, sweep);
  for (const Group& group : kGroups) write_group(page, sweep, session, group);
  output.write(std::move(page).take());
}

}  // namespace memwatch::render
