// The views that are rankings of stacks: leaks, peak, hotspots, temporary.
#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/hotspots.h"
#include "collector/analysis/leaks.h"
#include "collector/analysis/peak.h"
#include "collector/analysis/temporary.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// "± 1.2 MiB, " before a detail, where the figure it belongs to is an estimate.
std::string with_error(std::uint64_t deviation, std::string detail) {
  return deviation == 0 ? detail : error_phrase(deviation) + ", " + detail;
}

std::string live_detail(const analysis::RankedSite& row) {
  const model::Site& site = row.site;
  const std::string blocks = "in " + counted(site.live_blocks, "block", "blocks");
  // Where blocks were resized, how many of the calls' blocks are gone is not known.
  if (site.reallocations > 0) {
    return with_error(site.live_deviation,
                      blocks + ", of " +
                          counted(site.allocations + site.reallocations, "call", "calls") +
                          " that allocated or resized");
  }
  return with_error(site.live_deviation,
                    fmt::format("{}, {} of its {} freed", blocks,
                                human_percent(1 - ratio(site.live_blocks, site.allocations)),
                                counted(site.allocations, "allocation", "allocations")));
}

std::string peak_detail(const analysis::RankedSite& row) {
  const model::Site& site = row.site;
  return with_error(site.peak_deviation, fmt::format("at the peak; its own maximum {}",
                                                     human_bytes(site.own_peak_bytes)));
}

std::string calls_detail(const analysis::RankedSite& row) {
  const model::Site& site = row.site;
  const std::uint64_t calls = site.allocations + site.reallocations;
  const std::string bytes = fmt::format("{}, {} each on average", human_bytes(site.allocated_bytes),
                                        human_bytes(calls == 0 ? 0 : site.allocated_bytes / calls));
  if (site.allocated_deviation > 0) return bytes;  // a sample does not know what came in between
  return bytes + ", " + human_percent(ratio(site.temporary, site.allocations)) + " temporary";
}

std::string bytes_detail(const analysis::RankedSite& row) {
  const model::Site& site = row.site;
  const std::uint64_t calls = site.allocations + site.reallocations;
  return with_error(site.allocated_deviation,
                    fmt::format("in {}, {} each on average", counted(calls, "call", "calls"),
                                human_bytes(calls == 0 ? 0 : site.allocated_bytes / calls)));
}

std::string temporary_detail(const analysis::RankedSite& row) {
  const model::Site& site = row.site;
  return fmt::format("{} of the {} of this stack",
                     human_percent(ratio(site.temporary, site.allocations)),
                     counted(site.allocations, "allocation", "allocations"));
}

bool counted_only(const analysis::Selection& selection) {
  for (const model::Process* process : selection.processes()) {
    if (process->mode != model::Mode::idle) return false;
  }
  return true;
}

// True where the view has nothing to rank; the page then says why and what to do.
bool write_if_empty(Page& page, const ViewContext& context, const analysis::Ranking& ranking,
                    const char* nothing) {
  if (ranking.total > 0) return false;
  if (counted_only(context.selection)) {
    page.line("No stacks: this session was recorded with --mode idle, which only counts.");
    page.line("Record it again with --mode exact to see where memory comes from.");
  } else {
    page.sentence(Tone::plain, nothing);
  }
  return true;
}

// Where the blocks are, process by process, and what exec dropped.
void write_holders(Page& page, const analysis::LeakReport& report) {
  constexpr std::size_t kNamed = 6;
  if (report.holders.size() > 1) {
    std::string list;
    for (std::size_t i = 0; i < std::min(kNamed, report.holders.size()); ++i) {
      const model::Process& process = *report.holders[i];
      list += fmt::format("{}{} ({}) {}", i == 0 ? "" : ", ", program_name(process), process.pid,
                          human_bytes(process.heap.live_bytes));
    }
    if (report.holders.size() > kNamed) {
      list += fmt::format(" and {} more", report.holders.size() - kNamed);
    }
    page.sentence(Tone::plain, fmt::format("In {} processes: {}.", report.holders.size(), list));
  }
  if (report.exec_bytes > 0) {
    page.sentence(Tone::faint, fmt::format("Not counted: {} that processes held when exec "
                                           "replaced them, which frees everything.",
                                           human_bytes(report.exec_bytes)));
  }
}

std::string blocks_detail(const analysis::RankedSite& row) {
  const std::string held = held_phrase(row);
  return "in " + counted(row.site.live_blocks, "block", "blocks") +
         (held.empty() ? "" : ", " + held);
}

std::string size_and_blocks(const analysis::KindSum& sum) {
  return fmt::format("{} in {}", human_bytes(sum.bytes), counted(sum.blocks, "block", "blocks"));
}

void write_suppressed(Page& page, const ViewContext& context, const analysis::KindSum& all) {
  if (all.blocks == 0) return;
  page.sentence(Tone::plain, "Suppressed: " + size_and_blocks(all) + ".");
  const model::Session& session = context.selection.session();
  const std::vector<analysis::KindSum> sums = analysis::suppressed_by(session, context.selection);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].blocks == 0) continue;
    page.line("  " + page.paint(Tone::faint, size_and_blocks(sums[i]) + "  " +
                                                 printable(session.suppressions[i])));
  }
}

// Leaks first, with their stacks; what is none in a line each.
void write_judged_leaks(Page& page, const ViewContext& context,
                        const analysis::LeakReport& report) {
  using model::LeakKind;
  const analysis::KindSum& definite = report.sums[LeakKind::definite];
  const analysis::KindSum& indirect = report.sums[LeakKind::indirect];
  const analysis::KindSum& possible = report.sums[LeakKind::possible];
  const analysis::KindSum& reachable = report.sums[LeakKind::reachable];
  if (definite.blocks == 0 && possible.blocks == 0) {
    page.line(page.paint(Tone::good, "No leak was found."));
  }
  if (definite.blocks > 0) {
    std::string title = definite_title(report) + ": " + size_and_blocks(definite);
    if (indirect.blocks > 0) title += ", which hold another " + size_and_blocks(indirect);
    page.sentence(Tone::strong, title);
    page.sentence(Tone::faint, report.all_seen
                                   ? "Nothing in the process pointed to these blocks any more."
                                   : "Nothing that was seen pointed to these blocks any more.");
    write_ranking(page, context, report.definite,
                  RankingStyle{.bytes = true, .tone = Tone::bad, .detail = blocks_detail});
  }
  if (possible.blocks > 0) {
    page.blank();
    page.sentence(Tone::strong, "Possibly leaked: " + size_and_blocks(possible));
    page.sentence(Tone::faint,
                  "Only pointers into their inside were left, which may be chance, or the way "
                  "they are used.");
    write_ranking(page, context, report.possible,
                  RankingStyle{.bytes = true, .tone = Tone::caution, .detail = blocks_detail});
  }
  page.blank();
  if (reachable.blocks > 0) {
    page.sentence(Tone::plain, fmt::format("Still reachable, so no leak: {}. Globals, stacks or "
                                           "libraries led to them.",
                                           size_and_blocks(reachable)));
  }
  write_suppressed(page, context, report.sums.suppressed);
  if (!report.all_judged) {
    page.sentence(Tone::plain,
                  fmt::format("Not judged: {} of processes that could not be looked at in their "
                              "last moment.",
                              size_and_blocks({report.unjudged_blocks, report.unjudged_bytes})));
  }
  if (!report.reason.empty()) {
    page.sentence(Tone::faint, "Why not everything: " + printable(report.reason) + ".");
  }
}

// Nothing is left of what is known; and is that everything?
void write_nothing_left(Page& page, const ViewContext& context,
                        const analysis::LeakReport& report) {
  const std::vector<const model::Process*>& processes = context.selection.processes();
  const auto any = [&](model::Mode mode) {
    return std::any_of(processes.begin(), processes.end(),
                       [mode](const model::Process* process) { return process->mode == mode; });
  };
  const bool lossless = std::all_of(processes.begin(), processes.end(), [](const auto* process) {
    return process->losses.nothing_lost();
  });
  if (report.judged && report.watched_seconds != 0) {
    page.line(page.paint(
        Tone::good,
        fmt::format("No leak was found: nothing that was allocated in the last {} is left.",
                    human_duration(report.watched_seconds))));
    page.sentence(Tone::faint, "What the process had before is not known.");
    if (!report.reason.empty()) {
      page.sentence(Tone::faint, "Why not everything: " + printable(report.reason) + ".");
    }
    return;
  }
  if (any(model::Mode::idle)) {
    page.line("Blocks were not followed (idle mode), so what was freed is not known.");
    return;
  }
  if (any(model::Mode::sample)) {
    page.line("No block that was sampled is left. A sample does not know every block.");
  } else if (!lossless || (report.judged && !report.reason.empty())) {
    page.line("No block that was recorded is left.");
    if (!report.reason.empty()) {
      page.sentence(Tone::faint, "Why not everything: " + printable(report.reason) + ".");
    }
  } else {
    page.line("Every block was freed: nothing is left of the traced heap.");
  }
}

}  // namespace

void write_leaks(Page& page, const ViewContext& context) {
  const analysis::LeakReport report = analysis::find_leaks(context.selection, page.options().top);
  const std::string phrase = not_freed_phrase(report.end);
  if (report.blocks == 0) {
    write_nothing_left(page, context, report);
    if (context.session_path.empty()) return;  // it was looked at while it ran
    page.line("Where memory went meanwhile: " +
              page.paint(Tone::command, report_command(context.session_path, View::peak)));
    return;
  }
  if (report.judged && report.watched_seconds != 0) {
    page.line(fmt::format("Judged: what was allocated in the last {} and not freed, {} in {}.",
                          human_duration(report.watched_seconds), human_bytes(report.bytes),
                          counted(report.blocks, "block", "blocks")));
    page.sentence(Tone::faint, "What the process had before is not known.");
  } else if (report.judged) {
    page.line(fmt::format("{}: {} in {}", capitalised(phrase), human_bytes(report.bytes),
                          counted(report.blocks, "block", "blocks")));
  }
  if (report.judged) {
    write_holders(page, report);
    page.blank();
    write_judged_leaks(page, context, report);
    return;
  }
  page.line(page.paint(Tone::strong,
                       fmt::format("{}: {} in {}", capitalised(phrase), human_bytes(report.bytes),
                                   counted(report.blocks, "block", "blocks"))));
  std::string method =
      "By lifetime: blocks that were live when the recording ended. A block that a global "
      "variable or a running thread still uses counts here too.";
  if (!report.reason.empty()) method += " Why: " + printable(report.reason) + ".";
  page.sentence(Tone::faint, method);
  write_holders(page, report);
  if (write_if_empty(page, context, report.by_bytes,
                     report.bytes == 0 ? "All of these blocks have a size of 0 bytes."
                                       : "Their stacks are not known.")) {
    return;
  }
  const RankingStyle style{.bytes = true, .tone = Tone::caution, .detail = live_detail};
  write_ranking(page, context, report.by_bytes, style);
  if (report.upkeep.stacks == 0) return;
  page.blank();
  page.sentence(Tone::strong,
                fmt::format("The C library and the loader keep {} for themselves, in {}: stdio "
                            "buffers, locale, records of libraries",
                            human_bytes(report.upkeep.selected),
                            counted(report.upkeep.stacks, "stack", "stacks")));
  if (report.by_bytes.rows.empty() || page.options().top == 0) {
    write_ranking(page, context, report.upkeep, style);
  }
}

void write_peak(Page& page, const ViewContext& context) {
  const analysis::PeakReport report = analysis::find_peak(context.selection, page.options().top);
  if (report.processes <= 1) {
    const model::Process& process = *report.largest;
    page.line(page.paint(Tone::strong,
                         fmt::format("Peak heap: {}", human_bytes(process.heap.peak_bytes))) +
              fmt::format(" in {}, after {}", counted(process.heap.peak_blocks, "block", "blocks"),
                          human_duration(process.heap.peak_at - process.start)));
  } else {
    page.line(
        page.paint(Tone::strong, fmt::format("Peak heaps of {} processes: {} together",
                                             report.processes, human_bytes(report.sum_bytes))));
    page.sentence(Tone::faint,
                  fmt::format("Each at its own time, so never all at once. The largest: {} in {} "
                              "(--pid {} shows it alone).",
                              human_bytes(report.largest->heap.peak_bytes),
                              program_name(*report.largest), report.largest->pid));
  }
  if (write_if_empty(page, context, report.by_share,
                     "Nothing was allocated, so there is no peak to explain.")) {
    return;
  }
  write_ranking(page, context, report.by_share,
                RankingStyle{.bytes = true, .tone = Tone::strong, .detail = peak_detail});
}

void write_hotspots(Page& page, const ViewContext& context) {
  const analysis::HotspotReport report =
      analysis::find_hotspots(context.selection, page.options().top);
  if (write_if_empty(page, context, report.by_allocations, "Nothing was allocated.")) return;
  page.line(page.paint(Tone::strong, "Most allocations") +
            fmt::format(": {} in all, reallocations included",
                        counted(report.by_allocations.total, "call", "calls")));
  write_ranking(page, context, report.by_allocations,
                RankingStyle{.bytes = false, .tone = Tone::strong, .detail = calls_detail});
  page.blank();
  page.line(page.paint(Tone::strong, "Most bytes") +
            fmt::format(": {} in all, freed since or not", human_bytes(report.by_bytes.total)));
  write_ranking(page, context, report.by_bytes,
                RankingStyle{.bytes = true, .tone = Tone::strong, .detail = bytes_detail});
}

void write_temporary(Page& page, const ViewContext& context) {
  const analysis::TemporaryReport report =
      analysis::find_temporary(context.selection, page.options().top);
  const bool sampled = std::any_of(
      context.selection.processes().begin(), context.selection.processes().end(),
      [](const model::Process* process) { return process->mode == model::Mode::sample; });
  const char* const nothing =
      sampled ? "A sample cannot tell which allocations were temporary: --mode exact can."
              : "No temporary allocations: no block was freed before its thread's next "
                "allocation.";
  if (write_if_empty(page, context, report.by_count, nothing)) {
    return;
  }
  page.line(page.paint(
      Tone::strong, fmt::format("Temporary: {}, {} of all",
                                counted(report.by_count.total, "allocation", "allocations"),
                                human_percent(ratio(report.by_count.total, report.allocations)))));
  page.sentence(Tone::faint,
                "Blocks freed by their thread before it allocated again. A reserve(), a reused "
                "buffer or a local array often saves them.");
  write_ranking(page, context, report.by_count,
                RankingStyle{.bytes = false, .tone = Tone::strong, .detail = temporary_detail});
}

}  // namespace memwatch::render
