#include "tools/render/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/debug_info.h"
#include "collector/analysis/timeline.h"
#include "tools/render/chart.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kLabel = 20;  // columns of "not freed at the end"
constexpr std::size_t kWidestHeadline = 60;
constexpr std::size_t kValue = 9;  // columns of "1023 KiB" and "999,999"

void write_fact(Page& page, Tone tone, const std::string& label, const std::string& value,
                const std::string& detail) {
  const std::size_t label_width = display_width(label), value_width = display_width(value);
  std::string line = "  " + label + std::string(kLabel - std::min(kLabel, label_width), ' ');
  line += std::string(kValue - std::min(kValue, value_width), ' ') + page.paint(tone, value);
  const std::size_t used = 2 + std::max(kLabel, label_width) + std::max(kValue, value_width) + 2;
  const std::size_t room = page.width() > used ? page.width() - used : 0;
  line += "  " + page.paint(Tone::faint, shorten_end(detail, room));
  page.line(std::move(line));
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string coverage_phrase(const analysis::Coverage& coverage) {
  if (coverage.untouched) return "less than was asked for: part of it was never touched";
  if (coverage.explained_growth) {
    return fmt::format("the trace explains {} of it, {} of its growth",
                       human_percent(coverage.explained),
                       human_percent(*coverage.explained_growth));
  }
  return fmt::format("the trace explains {} of it; the rest is code, libraries and stacks",
                     human_percent(coverage.explained));
}

void write_peak_fact(Page& page, const analysis::Selection& selection,
                     const analysis::Summary& summary) {
  const model::Process& largest = *summary.largest;
  if (largest.heap.peak_bytes == 0) {
    write_fact(page, Tone::strong, "peak heap", "0 B", "nothing was allocated");
    return;
  }
  std::string detail;
  if (selection.processes().size() > 1) {
    detail = fmt::format("in {} ({}), ", program_name(largest), largest.pid);
  }
  detail += fmt::format("{}, after {}", counted(largest.heap.peak_blocks, "block", "blocks"),
                        human_duration(largest.heap.peak_at - largest.start));
  write_fact(page, Tone::strong, "peak heap", human_bytes(largest.heap.peak_bytes), detail);
}

void write_allocated_fact(Page& page, const analysis::Summary& summary) {
  const model::Totals& totals = summary.sums.totals;
  std::string detail =
      fmt::format("in {}", counted(totals.allocations, "allocation", "allocations"));
  if (totals.reallocations > 0) {
    detail += " and " + counted(totals.reallocations, "reallocation", "reallocations");
  }
  if (summary.sums.duration >= 0.1) {
    detail += fmt::format(
        ", {}", human_rate(static_cast<double>(totals.allocations) / summary.sums.duration));
  }
  if (totals.temporary > 0) {
    detail +=
        fmt::format(", {} temporary", human_percent(ratio(totals.temporary, totals.allocations)));
  }
  write_fact(page, Tone::strong, "allocated", human_bytes(totals.allocated_bytes), detail);
}

void write_failure_fact(Page& page, const analysis::Selection& selection,
                        const analysis::Summary& summary) {
  std::string detail;
  if (!summary.failures.rows.empty()) {
    const model::Failure& failure = *summary.failures.rows.front().failure;
    detail = failure_phrase(failure) + ", in ";
    const std::size_t used = 2 + kLabel + kValue + 2 + display_width(detail);
    const std::size_t room = page.width() > used ? page.width() - used : 0;
    detail += stack_headline(selection.session(), failure.stack, std::min(room, kWidestHeadline));
  }
  write_fact(page, Tone::bad, "failed", human_count(summary.failures.total), detail);
}

void write_sparkline(Page& page, const analysis::Summary& summary) {
  constexpr std::size_t kMostColumns = 40, kLeastSamples = 8, kAround = 36;
  const analysis::Timeline timeline = analysis::make_timeline(
      *summary.largest,
      std::min(kMostColumns, page.width() > kAround ? page.width() - kAround : 4));
  if (timeline.samples < kLeastSamples || timeline.largest_live_bytes == 0) return;
  std::vector<std::uint64_t> heap;
  for (const analysis::TimelineColumn& column : timeline.columns) heap.push_back(column.live_bytes);
  page.line("  heap over time       " + page.paint(Tone::heap, sparkline(heap)) + "  " +
            page.paint(Tone::faint, human_duration(timeline.end - timeline.start)));
}

// Whether the missing lines of this module are the reader's to mend: libc and the loader are not.
bool matters(std::string_view path) {
  const std::string_view name = analysis::base_name(path);
  return !name.starts_with("libc.so") && !name.starts_with("libc-") &&
         !name.starts_with("ld-linux") && !name.starts_with("libstdc++") &&
         !name.starts_with("libpthread");
}

std::string gap_remark(const analysis::Selection& selection, const analysis::ModuleGap& gap) {
  const std::string name = printable(analysis::base_name(gap.path));
  const bool packaged = gap.path.starts_with("/usr/") || gap.path.starts_with("/lib") ||
                        gap.path.starts_with("/bin/") || gap.path.starts_with("/sbin/");
  const bool own =
      !packaged &&
      std::any_of(selection.processes().begin(), selection.processes().end(),
                  [&](const model::Process* process) { return process->exe == gap.path; });
  const char* missing = gap.unnamed > 0 ? "function names" : "line numbers";
  if (own) {
    return fmt::format("No {} for {}: compile it with -g (or install its debug symbols).", missing,
                       name);
  }
  return fmt::format(
      "No {} for {}: install its debug symbols (Debian: its -dbg or -dbgsym package).", missing,
      name);
}

}  // namespace

void write_facts(Page& page, const analysis::Selection& selection,
                 const analysis::Summary& summary) {
  if (summary.largest == nullptr) return;
  const analysis::Sums& sums = summary.sums;
  write_peak_fact(page, selection, summary);
  write_allocated_fact(page, summary);
  const std::uint64_t blocks = summary.leaks.blocks;
  write_fact(page, blocks > 0 ? Tone::caution : Tone::good, not_freed_phrase(summary.leaks.end),
             human_bytes(summary.leaks.bytes),
             blocks > 0 ? "in " + counted(blocks, "block", "blocks") : "every block was freed");
  if (summary.coverage) {
    write_fact(page, Tone::strong, "peak RSS",
               human_bytes(std::max(summary.coverage->rss, summary.largest->rss.peak)),
               coverage_phrase(*summary.coverage));
  }
  if (sums.mapped_peak_bytes > 0) {
    write_fact(page, Tone::strong, "mapped", human_bytes(sums.mapped_peak_bytes),
               fmt::format("at most, by mmap, brk and sbrk of the program; {} at the end",
                           human_bytes(sums.mapped_live_bytes)));
  }
  if (summary.failures.total > 0) write_failure_fact(page, selection, summary);
  if (sums.totals.large > 0) {
    write_fact(page, Tone::caution, "large", human_count(sums.totals.large),
               fmt::format("single allocations of {} or more",
                           human_bytes(selection.session().large_threshold)));
  }
  write_sparkline(page, summary);
}

std::vector<std::string> remarks(const analysis::Selection& selection,
                                 const analysis::Summary& summary,
                                 std::span<const model::StackId> shown_stacks) {
  std::vector<std::string> sentences;
  if (summary.coverage && summary.coverage->explained_growth &&
      *summary.coverage->explained_growth < analysis::kLittleExplained &&
      !summary.coverage->untouched) {
    sentences.push_back(fmt::format(
        "Only {} of the growth of RSS came through traced calls: the program may bring its own "
        "allocator (`memwatch doctor -- CMD` checks).",
        human_percent(*summary.coverage->explained_growth)));
  }
  for (const model::Process* process : selection.processes()) {
    for (const std::string& note : process->notes) {
      const std::string clean = printable(note);
      if (std::find(sentences.begin(), sentences.end(), clean) == sentences.end()) {
        sentences.push_back(clean);
      }
    }
  }
  for (const analysis::ModuleGap& gap : analysis::find_gaps(selection.session(), shown_stacks)) {
    if (!matters(gap.path)) continue;
    sentences.push_back(gap_remark(selection, gap));
    break;  // one is a hint, more would be a list
  }
  return sentences;
}

View next_view(const analysis::Summary& summary) {
  if (summary.failures.total > 0) return View::failures;
  if (summary.leaks.bytes > 0 && summary.leaks.bytes * 4 >= summary.sums.peak_bytes_sum) {
    return View::leaks;
  }
  return View::peak;
}

}  // namespace memwatch::render
