#include "tools/render/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/debug_info.h"
#include "collector/analysis/timeline.h"
#include "tools/render/chart.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kLabel = 21;  // columns of "not freed when killed"
constexpr std::size_t kWidestHeadline = 60;
constexpr std::size_t kFewSamples = 3;  // with fewer, RSS and heap are rarely seen at one moment
constexpr std::size_t kValue = 9;       // columns of "1023 KiB" and "999,999"

// Details are given by what matters first; one that does not fit whole is left out, never cut.
void write_fact(Page& page, Tone tone, const std::string& label, const std::string& value,
                const std::vector<std::string>& details) {
  const std::size_t label_width = display_width(label), value_width = display_width(value);
  std::string line = "  " + label + std::string(kLabel - std::min(kLabel, label_width), ' ');
  line += std::string(kValue - std::min(kValue, value_width), ' ') + page.paint(tone, value);
  const std::size_t used = 2 + std::max(kLabel, label_width) + std::max(kValue, value_width) + 2;
  const std::size_t room = page.width() > used ? page.width() - used : 0;
  line += "  " + page.paint(Tone::faint, joined_to_fit(details, room));
  page.line(std::move(line));
}

// Of a figure that is an estimate: before what else there is to say of it.
void add_error(std::vector<std::string>& details, std::uint64_t deviation) {
  if (deviation > 0) details.insert(details.begin(), error_phrase(deviation));
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool is_tree(const analysis::Summary& summary) {
  return summary.pids > 1;
}

std::string process_label(const model::Process& process) {
  return fmt::format("{} ({})", program_name(process), process.pid);
}

void write_peak_fact(Page& page, const analysis::Summary& summary) {
  const model::Process& largest = *summary.largest;
  if (largest.heap.peak_bytes == 0) {
    write_fact(
        page, Tone::strong, "peak heap", "0 B",
        {summary.sums.losses.nothing_lost() ? "nothing was allocated" : "nothing was recorded"});
    return;
  }
  std::vector<std::string> details;
  add_error(details, largest.heap.peak_deviation);
  if (is_tree(summary)) details.push_back("in " + process_label(largest));
  details.push_back(counted(largest.heap.peak_blocks, "block", "blocks"));
  details.push_back("after " + human_duration(largest.heap.peak_at - largest.start));
  write_fact(page, Tone::strong, "peak heap", human_bytes(largest.heap.peak_bytes), details);
}

void write_allocated_fact(Page& page, const analysis::Summary& summary) {
  const model::Totals& totals = summary.sums.totals;
  std::vector<std::string> details = {
      fmt::format("in {}", counted(totals.allocations, "allocation", "allocations"))};
  add_error(details, totals.allocated_deviation);
  if (totals.temporary > 0) {
    details.push_back(human_percent(ratio(totals.temporary, totals.allocations)) + " temporary");
  }
  if (totals.reallocations > 0) {
    details.push_back(counted(totals.reallocations, "reallocation", "reallocations"));
  }
  if (summary.sums.duration >= 0.1) {
    details.push_back(human_rate(static_cast<double>(totals.allocations) / summary.sums.duration));
  }
  write_fact(page, Tone::strong, "allocated", human_bytes(totals.allocated_bytes), details);
}

void write_not_freed_fact(Page& page, const analysis::Summary& summary) {
  const analysis::LeakReport& leaks = summary.leaks;
  std::vector<std::string> details;
  if (leaks.blocks == 0) {
    details.emplace_back(summary.sampled ? "no block that was sampled"
                         : summary.sums.losses.nothing_lost()
                             ? "every block was freed"
                             : "every block that was recorded was freed");
  } else if (is_tree(summary)) {
    // Where it is; every process counts for itself.
    constexpr std::size_t kNamed = 2;
    for (std::size_t i = 0; i < std::min(kNamed, leaks.holders.size()); ++i) {
      details.push_back(fmt::format("{} in {}", human_bytes(leaks.holders[i]->heap.live_bytes),
                                    process_label(*leaks.holders[i])));
    }
    if (leaks.holders.size() > kNamed) {
      details.push_back(counted(leaks.holders.size() - kNamed, "more process", "more processes"));
    }
  } else {
    add_error(details, summary.sums.live_deviation);
    details.push_back("in " + counted(leaks.blocks, "block", "blocks"));
    if (leaks.by_bytes.selected == 0 && leaks.upkeep.selected > 0) {
      details.emplace_back("all kept by the C library itself");
    } else if (leaks.upkeep.selected > 0) {
      details.push_back(human_bytes(leaks.upkeep.selected) + " of it the C library's own");
    }
  }
  write_fact(page, leaks.blocks > 0 ? Tone::caution : Tone::good, not_freed_phrase(leaks.end),
             human_bytes(leaks.bytes), details);
}

// The verdict: what kind of leaks, if the processes could be looked at.
void write_leaked_fact(Page& page, const analysis::Summary& summary) {
  using model::LeakKind;
  const analysis::LeakReport& leaks = summary.leaks;
  if (!leaks.judged || leaks.blocks == 0) return;
  const analysis::KindSum& definite = leaks.sums[LeakKind::definite];
  const analysis::KindSum& indirect = leaks.sums[LeakKind::indirect];
  const analysis::KindSum& possible = leaks.sums[LeakKind::possible];
  std::vector<std::string> details;
  if (definite.blocks > 0) {
    details.push_back("in " + counted(definite.blocks + indirect.blocks, "block", "blocks"));
  } else if (possible.blocks == 0) {
    details.emplace_back("none found: what is left is still in use or suppressed");
  }
  if (possible.blocks > 0) {
    details.push_back(human_bytes(possible.bytes) + " more possibly, in " +
                      counted(possible.blocks, "block", "blocks"));
  }
  if (!leaks.all_judged) {
    details.push_back(human_bytes(leaks.unjudged_bytes) + " could not be judged");
  }
  Tone tone = possible.blocks > 0 ? Tone::caution : Tone::good;
  if (definite.blocks > 0) tone = Tone::bad;
  write_fact(page, tone, "leaked", human_bytes(definite.bytes + indirect.bytes), details);
}

void write_failure_fact(Page& page, const analysis::Selection& selection,
                        const analysis::Summary& summary) {
  std::vector<std::string> details;
  if (!summary.failures.rows.empty()) {
    const model::Failure& failure = *summary.failures.rows.front().failure;
    details.push_back(failure_phrase(failure));
    const std::size_t used = 2 + kLabel + kValue + 2 + display_width(details.front()) + 5;
    const std::size_t room = page.width() > used ? page.width() - used : 0;
    details.push_back("in " + stack_headline(selection.session(), failure.stack,
                                             std::min(room, kWidestHeadline)));
  }
  write_fact(page, Tone::bad, "failed", human_count(summary.failures.total), details);
}

void write_sparkline(Page& page, const analysis::Summary& summary) {
  constexpr std::size_t kMostColumns = 40, kLeastSamples = 8, kAround = 36;
  const analysis::Timeline timeline = analysis::make_timeline(
      *summary.largest,
      std::min(kMostColumns, page.width() > kAround ? page.width() - kAround : 4));
  if (timeline.samples < kLeastSamples || timeline.largest_live_bytes == 0) return;
  std::vector<std::uint64_t> heap;
  for (const analysis::TimelineColumn& column : timeline.columns) heap.push_back(column.live_bytes);
  page.line("  heap over time        " + page.paint(Tone::heap, sparkline(heap)) + "  " +
            page.paint(Tone::faint, human_duration(timeline.end - timeline.start)));
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

std::vector<std::string> coverage_phrases(const model::Process& process,
                                          const analysis::Coverage& coverage,
                                          std::uint64_t peak_rss) {
  if (process.heap.peak_bytes > peak_rss) {
    if (process.timeline.size() < kFewSamples) {
      return {"too short a life to see RSS at its largest"};
    }
    return {"less than the peak heap: part of it was never touched"};
  }
  if (coverage.rss < peak_rss / 2 || process.timeline.size() < kFewSamples) {
    return {fmt::format("the peak heap is {} of that",
                        human_percent(ratio(process.heap.peak_bytes, peak_rss)))};
  }
  if (coverage.untouched) return {"less than was asked for: part of it was never touched"};
  std::vector<std::string> phrases = {human_percent(coverage.explained) + " of it traced"};
  if (coverage.explained_growth) {
    phrases.push_back(human_percent(*coverage.explained_growth) + " of its growth");
  } else {
    phrases.emplace_back("the rest is code, libraries, stacks");
  }
  return phrases;
}

void write_facts(Page& page, const analysis::Selection& selection,
                 const analysis::Summary& summary) {
  if (summary.largest == nullptr) return;
  const analysis::Sums& sums = summary.sums;
  if (!summary.idle) write_peak_fact(page, summary);
  write_allocated_fact(page, summary);
  if (!summary.idle) {
    write_not_freed_fact(page, summary);
    write_leaked_fact(page, summary);
  }
  if (summary.coverage) {
    const model::Process& resident = *summary.resident;
    const std::uint64_t peak_rss = std::max(summary.coverage->rss, resident.rss.peak);
    std::vector<std::string> details = coverage_phrases(resident, *summary.coverage, peak_rss);
    if (is_tree(summary)) details.insert(details.begin(), "in " + process_label(resident));
    write_fact(page, Tone::strong, "peak RSS", human_bytes(peak_rss), details);
  }
  constexpr std::uint64_t kWorthALine = 20;  // a twentieth of the heap, or there is none
  if (sums.mapped_peak_bytes * kWorthALine > summary.largest->heap.peak_bytes) {
    write_fact(page, Tone::strong, "mapped", human_bytes(sums.mapped_peak_bytes),
               {"at most", human_bytes(sums.mapped_live_bytes) + " at the end",
                "by mmap, brk and sbrk of the program"});
  }
  if (summary.failures.total > 0) write_failure_fact(page, selection, summary);
  if (sums.totals.large > 0) {
    write_fact(page, Tone::caution, "large", human_count(sums.totals.large),
               {fmt::format("single allocations of {} or more",
                            human_bytes(selection.session().large_threshold))});
  }
  write_sparkline(page, summary);
}

namespace {

// Each once; of several processes with the one it is about, and how many more say the same.
std::vector<std::string> notes_of(const analysis::Selection& selection, bool names_processes) {
  struct Note {
    std::string text, first;
    std::size_t processes = 0;
  };
  std::vector<Note> notes;
  for (const model::Process* process : selection.processes()) {
    for (const std::string& raw : process->notes) {
      const std::string text = printable(raw);
      auto same = std::find_if(notes.begin(), notes.end(),
                               [&](const Note& note) { return note.text == text; });
      if (same == notes.end()) same = notes.insert(same, {text, process_label(*process)});
      ++same->processes;
    }
  }
  std::vector<std::string> sentences;
  for (const Note& note : notes) {
    const std::string more =
        note.processes > 1 ? fmt::format(" and {} more", human_count(note.processes - 1)) : "";
    sentences.push_back(names_processes ? note.first + more + ": " + note.text : note.text);
  }
  return sentences;
}

}  // namespace

std::vector<std::string> remarks(const analysis::Selection& selection,
                                 const analysis::Summary& summary,
                                 std::span<const model::StackId> shown_stacks) {
  std::vector<std::string> sentences;
  if (summary.coverage && summary.coverage->explained_growth &&
      summary.coverage->rss_growth >= analysis::kGrowthToWarnBytes &&
      *summary.coverage->explained_growth < analysis::kLittleExplained &&
      !summary.coverage->untouched) {
    sentences.push_back(fmt::format(
        "Only {} of the growth of RSS came through traced calls: the program may bring its own "
        "allocator (`memwatch doctor -- CMD` checks).",
        human_percent(*summary.coverage->explained_growth)));
  }
  for (std::string& note : notes_of(selection, is_tree(summary))) {
    sentences.push_back(std::move(note));
  }
  for (const analysis::ModuleGap& gap : analysis::find_gaps(selection.session(), shown_stacks)) {
    sentences.push_back(gap_remark(selection, gap));
    break;  // one is a hint, more would be a list
  }
  return sentences;
}

std::string joined_to_fit(const std::vector<std::string>& parts, std::size_t room) {
  std::string text;
  for (const std::string& part : parts) {
    const std::string_view gap = text.empty() ? "" : ", ";
    if (display_width(text) + gap.size() + display_width(part) > room) continue;
    text += gap;
    text += part;
  }
  return text;
}

View next_view(const analysis::Summary& summary) {
  if (summary.idle && summary.failures.total == 0) {
    return summary.sums.totals.large > 0 ? View::large : View::timeline;
  }
  if (summary.failures.total > 0) return View::failures;
  if (summary.leaks.sums[model::LeakKind::definite].blocks > 0) return View::leaks;
  if (summary.leaks.bytes > 0 && summary.leaks.bytes * 4 >= summary.sums.peak_bytes_sum) {
    return View::leaks;
  }
  return View::peak;
}

}  // namespace memwatch::render
