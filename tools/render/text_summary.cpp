// The summary view: key figures, then the first few of every list that has something to tell.
#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/hotspots.h"
#include "collector/analysis/modules.h"
#include "collector/analysis/summary.h"
#include "tools/render/facts.h"
#include "tools/render/growth_words.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/stack_lines.h"
#include "tools/render/table.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kStacks = 3;      // of each list
constexpr std::size_t kStackLines = 6;  // of each stack
constexpr std::size_t kProcesses = 8;
constexpr std::size_t kModules = 4;

void write_short_list(Page& page, const ViewContext& context, const std::string& title,
                      const analysis::Ranking& ranking, bool bytes, Tone tone) {
  if (ranking.rows.empty()) return;
  page.blank();
  page.line(page.paint(Tone::strong, title));
  for (const analysis::RankedSite& row : ranking.rows) {
    const std::string cost = bytes ? human_bytes(row.cost) : human_count(row.cost);
    const std::string detail =
        tone == Tone::caution
            ? counted(row.site.live_blocks, "block", "blocks")
            : counted(row.site.allocations + row.site.reallocations, "call", "calls");
    page.line("  " + page.paint(tone, cost) + fmt::format("  {}  ", human_percent(row.share)) +
              page.paint(Tone::faint, detail));
    page.lines(stack_lines(page, context.selection.session(), row.site.stack,
                           StackLayout{.indent = 6, .lines = kStackLines}));
  }
}

void write_module_list(Page& page, const ViewContext& context) {
  const std::vector<analysis::ModuleRow> rows = analysis::list_modules(context.selection);
  if (rows.size() < 2) return;
  page.blank();
  page.line(page.paint(Tone::strong, "By library"));
  Table table({{"at peak"}, {"allocated"}, {""}, {"calls"}, {"library", Align::left}});
  for (std::size_t i = 0; i < std::min(kModules, rows.size()); ++i) {
    table.add(
        {{human_bytes(rows[i].peak_bytes), Tone::strong},
         {human_bytes(rows[i].allocated_bytes)},
         {human_percent(rows[i].share)},
         {human_count(rows[i].allocations + rows[i].reallocations)},
         {rows[i].path.empty() ? "(unknown)" : printable(analysis::base_name(rows[i].path))}});
  }
  table.write(page);
}

}  // namespace

void write_summary(Page& page, const ViewContext& context) {
  const std::size_t stacks =
      page.options().top == 0 ? kStacks : std::min(kStacks, page.options().top);
  const analysis::Summary summary = analysis::summarize(context.selection, stacks);
  write_facts(page, context.selection, summary);
  if (summary.sums.totals.allocations + summary.sums.totals.reallocations +
          summary.sums.totals.failed ==
      0) {
    page.blank();
    page.line(
        "No allocation was recorded. `memwatch doctor -- CMD` says whether CMD can be traced.");
    return;
  }
  if (summary.pids > 1) {
    page.blank();
    page.line(page.paint(Tone::strong, "Processes with the largest heaps"));
    write_process_table(page, context.selection, ProcessOrder::largest, kProcesses);
  }
  write_growth(page, context.selection);
  write_short_list(page, context, definite_title(summary.leaks), summary.leaks.definite, true,
                   Tone::caution);
  write_short_list(page, context, "Most bytes " + not_freed_phrase(summary.leaks.end),
                   summary.leaks.by_bytes, true, Tone::caution);
  write_short_list(page, context, "Most bytes at the peak", summary.peak.by_share, true,
                   Tone::strong);
  const analysis::Ranking calls =
      analysis::rank_sites(context.selection, analysis::Cost::calls, stacks);
  write_short_list(page, context, "Most allocations", calls, false, Tone::strong);
  write_module_list(page, context);

  std::vector<model::StackId> shown;
  for (const analysis::Ranking* ranking :
       {&summary.leaks.by_bytes, &summary.peak.by_share, &calls}) {
    for (const analysis::RankedSite& row : ranking->rows) shown.push_back(row.site.stack);
  }
  const std::vector<std::string> sentences = remarks(context.selection, summary, shown);
  if (!sentences.empty()) page.blank();
  for (const std::string& sentence : sentences) page.sentence(Tone::caution, sentence);
  page.blank();
  page.line("Next: " +
            page.paint(Tone::command, report_command(context.session_path, next_view(summary))));
}

}  // namespace memwatch::render
