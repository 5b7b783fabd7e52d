#include "tools/render/text.h"

#include <fmt/format.h>

#include <ctime>

#include "collector/analysis/failures.h"
#include "collector/analysis/growth_advice.h"
#include "collector/analysis/hotspots.h"
#include "collector/analysis/large.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/peak.h"
#include "collector/analysis/summary.h"
#include "collector/analysis/temporary.h"
#include "tools/render/growth_words.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

std::string recorded_on(double epoch_seconds) {
  if (!(epoch_seconds > 0) || epoch_seconds > 1e11) return "";
  const auto seconds = static_cast<std::time_t>(epoch_seconds);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

// Two lines over every view: what was recorded, and how far it can be trusted.
void write_header(Page& page, const analysis::Selection& selection) {
  const model::Session& session = selection.session();
  const analysis::Summary summary = analysis::summarize(selection, 1);
  const std::string command = printable(command_title(session.command));
  page.line(page.paint(Tone::strong, shorten_middle(command, page.width())));

  std::string facts;
  const auto add = [&](const std::string& fact) {
    if (fact.empty()) return;
    if (!facts.empty()) facts += " · ";
    facts += fact;
  };
  if (summary.pids == 1) {
    add(fmt::format("pid {}", summary.root->pid));
    if (selection.processes().size() > 1) {
      add(counted(selection.processes().size(), "program", "programs"));
    }
    add(end_phrase(session, *summary.root_end));
  } else {
    add(processes_phrase(selection, summary));
    add("root: " + end_phrase(session, *summary.root_end));
  }
  add(human_duration(summary.sums.duration));
  add(recorded_on(session.started_at));
  add(printable(session.host));
  page.line(page.paint(Tone::faint, shorten_end(facts, page.width())));

  const bool doubtful =
      summary.sampled || summary.idle || !summary.complete || !summary.sums.losses.nothing_lost();
  page.line(page.paint(doubtful ? Tone::caution : Tone::good,
                       shorten_end(exactness_phrase(summary), page.width())));
  if (!session.complete) {
    page.line(page.paint(Tone::caution,
                         "incomplete: the recording was cut short, what came later is missing"));
  }
  page.blank();
}

void add_stacks(std::vector<model::StackId>& stacks, const analysis::Ranking& ranking) {
  for (const analysis::RankedSite& row : ranking.rows) stacks.push_back(row.site.stack);
}

template <typename Rows, typename StackOf>
void add_first(std::vector<model::StackId>& stacks, const Rows& rows, std::size_t top,
               StackOf stack_of) {
  for (std::size_t i = 0; i < rows.size() && (top == 0 || i < top); ++i) {
    stacks.push_back(stack_of(rows[i]));
  }
}

// Of a check by reachability and of one by lifetime alike.
void add_leaks(std::vector<model::StackId>& stacks, const analysis::Selection& selection,
               std::size_t top) {
  add_stacks(stacks, analysis::rank_sites(selection, analysis::Cost::live, top));
  const analysis::LeakReport report = analysis::find_leaks(selection, top);
  add_stacks(stacks, report.definite);
  add_stacks(stacks, report.possible);
}

}  // namespace

std::string report_command(const std::string& session_path, View view) {
  std::string command = command_line({"memwatch", "report", printable(session_path)});
  if (view != View::summary) command += fmt::format(" --view {}", view_name(view));
  return command;
}

std::string render_text(const analysis::Selection& selection, View view,
                        const std::string& session_path, const RenderOptions& options) {
  Page page(options);
  if (selection.processes().empty()) {
    page.line("The session holds no process: nothing was recorded.");
    page.line("`memwatch doctor -- CMD` says whether CMD can be traced.");
    return std::move(page).take();
  }
  write_header(page, selection);
  const ViewContext context{selection, session_path};
  switch (view) {
    case View::summary:
      write_summary(page, context);
      break;
    case View::leaks:
      write_leaks(page, context);
      break;
    case View::peak:
      write_peak(page, context);
      break;
    case View::hotspots:
      write_hotspots(page, context);
      break;
    case View::temporary:
      write_temporary(page, context);
      break;
    case View::failures:
      write_failures(page, context);
      break;
    case View::large:
      write_large(page, context);
      break;
    case View::threads:
      write_threads(page, context);
      break;
    case View::modules:
      write_modules(page, context);
      break;
    case View::processes:
      write_processes(page, context);
      break;
    case View::timeline:
      write_timeline(page, context);
      break;
    case View::sizes:
      write_sizes(page, context);
      break;
  }
  return std::move(page).take();
}

std::vector<model::StackId> stacks_in_view(const analysis::Selection& selection, View view,
                                           const RenderOptions& options) {
  std::vector<model::StackId> stacks;
  const std::size_t top = options.top;
  const auto add_failures = [&] {
    add_first(stacks, analysis::find_failures(selection).rows, top,
              [](const analysis::FailureRow& row) { return row.failure->stack; });
  };
  switch (view) {
    case View::summary:
      for (const GrowingProcess& one : growing_processes(selection, options.sensitivity)) {
        add_first(stacks, one.growth.sites, top,
                  [](const analysis::SiteGrowth& site) { return site.stack; });
        stacks.push_back(analysis::site_to_look_at(one.growth, *one.process));
      }
      add_leaks(stacks, selection, top);
      add_stacks(stacks, analysis::rank_sites(selection, analysis::Cost::peak, top));
      add_stacks(stacks, analysis::rank_sites(selection, analysis::Cost::calls, top));
      add_failures();
      break;
    case View::leaks:
      add_leaks(stacks, selection, top);
      break;
    case View::peak:
      add_stacks(stacks, analysis::find_peak(selection, top).by_share);
      break;
    case View::hotspots: {
      const analysis::HotspotReport report = analysis::find_hotspots(selection, top);
      add_stacks(stacks, report.by_allocations);
      add_stacks(stacks, report.by_bytes);
      break;
    }
    case View::temporary:
      add_stacks(stacks, analysis::find_temporary(selection, top).by_count);
      break;
    case View::failures:
      add_failures();
      break;
    case View::large:
      add_first(stacks, analysis::find_large(selection).rows, top,
                [](const analysis::LargeRow& row) { return row.allocation->stack; });
      break;
    case View::threads:
    case View::modules:
    case View::processes:
    case View::timeline:
    case View::sizes:
      break;
  }
  return stacks;
}

}  // namespace memwatch::render
