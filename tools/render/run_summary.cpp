#include "tools/render/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "collector/analysis/summary.h"
#include "collector/analysis/upkeep.h"
#include "tools/render/facts.h"
#include "tools/render/growth_words.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kFooter = 2;  // blank, next command
constexpr std::size_t kRemarkLines = 2;
constexpr std::size_t kLeastBlock = 4;  // blank, title and two frames: less is not worth a block
constexpr std::size_t kMostFrames = 6;

// "exit 0 after 1.2 s", and as which program where exec replaced the first.
std::string end_of_root(const analysis::Summary& summary) {
  const model::Process& last = *summary.root_end;
  std::string end = fmt::format("{} after {}", end_phrase(last),
                                human_duration(last.start + last.duration - summary.root->start));
  if (program_name(last) != program_name(*summary.root)) end += " as " + program_name(last);
  return end;
}

void write_head(Page& page, const analysis::Selection& selection,
                const analysis::Summary& summary) {
  const std::string end = end_of_root(summary);
  const std::size_t used = display_width(end) + 12;
  const std::string command = shorten_middle(printable(command_title(selection.session().command)),
                                             page.width() > used ? page.width() - used : 0);
  const bool fine =
      summary.root_end->exit_kind == model::ExitKind::exited && summary.root_end->exit_code == 0;
  page.line(page.paint(Tone::strong, "memwatch: " + command) + "  " +
            page.paint(fine ? Tone::faint : Tone::caution, end));
  std::string exactness = exactness_phrase(summary);
  if (summary.pids > 1) exactness = processes_phrase(selection, summary) + "; " + exactness;
  const bool doubtful = summary.sampled || summary.idle || !summary.sums.losses.nothing_lost();
  page.line("  " + page.paint(doubtful ? Tone::caution : Tone::good,
                              shorten_end(exactness, page.width() - 2)));
}

// The largest few programs of a tree; all are in the processes view.
void write_processes_line(Page& page, const analysis::Selection& selection) {
  std::vector<const model::Process*> largest = selection.processes();
  std::stable_sort(largest.begin(), largest.end(),
                   [](const model::Process* a, const model::Process* b) {
                     return a->heap.peak_bytes > b->heap.peak_bytes;
                   });
  // By name, so that ten short-lived shells are one.
  std::vector<std::string> names, parts;
  constexpr std::size_t kMost = 4;
  for (const model::Process* process : largest) {
    const std::string name = program_name(*process);
    if (process->heap.peak_bytes == 0 || parts.size() == kMost) break;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    parts.push_back(name + " " + human_bytes(process->heap.peak_bytes));
  }
  if (parts.size() < 2) return;
  page.line("  largest programs      " +
            page.paint(Tone::faint, joined_to_fit(parts, page.width() - 24)));
}

void write_stack_block(Page& page, const model::Session& session,
                       const std::vector<std::string>& title, model::StackId stack,
                       std::size_t lines) {
  page.blank();
  page.line(page.paint(Tone::strong, joined_to_fit(title, page.width())));
  page.lines(stack_lines(page, session, stack, StackLayout{.indent = 4, .lines = lines - 2}));
}

struct Block {
  std::vector<std::string> title;  // parts, what matters first
  model::StackId stack;
};

const model::Process* only(const analysis::Summary& summary, const model::Process* process) {
  return summary.pids > 1 ? process : nullptr;
}

analysis::Ranking first_of(const analysis::Selection& selection, const model::Process* process,
                           analysis::Cost cost, bool own) {
  analysis::RankFilter filter;
  if (process != nullptr) {
    filter.process = [process](const model::Process& other) { return &other == process; };
  }
  if (own) {
    filter.stack = [&](model::StackId stack) {
      return !analysis::is_upkeep(selection.session(), stack);
    };
  }
  return analysis::rank_sites(selection, cost, 1, filter);
}

// The stack to mend and the one that costs most; one block if they are the same. Of a tree each is
// that of one process, the one with most of it: sums over processes are nobody's. What was not
// freed comes first unless it is next to nothing beside the peak.
std::vector<Block> largest_blocks(const analysis::Selection& selection,
                                  const analysis::Summary& summary) {
  std::vector<Block> blocks;
  const analysis::LeakReport& leaks = summary.leaks;
  const model::Process* const holder =
      leaks.holders.empty() ? nullptr : only(summary, leaks.holders.front());
  const model::Process* const largest = only(summary, summary.largest);
  const analysis::Ranking kept = leaks.holders.empty()
                                     ? analysis::Ranking{}
                                     : first_of(selection, holder, analysis::Cost::live, true);
  const analysis::Ranking peaks = first_of(selection, largest, analysis::Cost::peak, false);
  const auto of = [](const model::Process* process) {
    return process == nullptr ? std::string() : " of " + program_name(*process);
  };
  // A leak for certain is what to mend, however small beside the rest.
  if (leaks.judged && !leaks.definite.rows.empty()) {
    const analysis::RankedSite& row = leaks.definite.rows[0];
    std::vector<std::string> parts = {
        fmt::format("Largest leak: {} in {}", human_bytes(row.cost),
                    counted(row.site.live_blocks, "block", "blocks"))};
    if (row.held_blocks > 0) parts.push_back(held_phrase(row));
    blocks.push_back({std::move(parts), row.site.stack});
    if (!peaks.rows.empty() && peaks.rows[0].site.stack != row.site.stack) {
      blocks.push_back(
          {{fmt::format("Largest at the peak{}: {}", of(largest), human_bytes(peaks.rows[0].cost)),
            human_percent(peaks.rows[0].share)},
           peaks.rows[0].site.stack});
    }
    return blocks;
  }
  const bool same = !kept.rows.empty() && !peaks.rows.empty() && holder == largest &&
                    kept.rows[0].site.stack == peaks.rows[0].site.stack;
  if (!kept.rows.empty()) {
    const analysis::RankedSite& row = kept.rows[0];
    Block block{
        {fmt::format("Largest {}{}: {} in {}", not_freed_phrase(leaks.end), of(holder),
                     human_bytes(row.cost), counted(row.site.live_blocks, "block", "blocks")),
         human_percent(row.share)},
        row.site.stack};
    if (same) block.title.emplace_back("also the largest at the peak");
    blocks.push_back(std::move(block));
  }
  if (!peaks.rows.empty() && !same) {
    const analysis::RankedSite& row = peaks.rows[0];
    blocks.push_back({{fmt::format("Largest at the peak{}: {}", of(largest), human_bytes(row.cost)),
                       human_percent(row.share)},
                      row.site.stack});
  }
  constexpr std::uint64_t kNextToNothing = 20;  // less than a twentieth
  if (blocks.size() == 2 && kept.total < peaks.total / kNextToNothing) {
    std::swap(blocks[0], blocks[1]);
  }
  return blocks;
}

// What grows comes first: it is not over.
std::vector<Block> blocks_to_show(const analysis::Selection& selection,
                                  const analysis::Summary& summary) {
  std::vector<Block> blocks = largest_blocks(selection, summary);
  const std::vector<GrowingProcess> growing =
      growing_processes(selection, analysis::Sensitivity::medium);
  if (growing.empty() || growing.front().growth.sites.empty()) return blocks;
  const analysis::SiteGrowth& site = growing.front().growth.sites.front();
  Block block{{fmt::format("Grows by {}{}", growth_rate(site.verdict.bytes_per_second),
                           summary.pids > 1 ? " in " + program_name(*growing.front().process) : ""),
               fmt::format("{} % sure", site.verdict.confidence)},
              site.stack};
  if (const std::string limit = limit_phrase(growing.front().growth); !limit.empty()) {
    block.title.push_back(limit);
  }
  const auto same = std::find_if(blocks.begin(), blocks.end(),
                                 [&](const Block& other) { return other.stack == site.stack; });
  if (same != blocks.end()) {
    std::string also = same->title.front();
    also.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(also.front())));
    block.title.push_back(std::move(also));
    blocks.erase(same);
  }
  blocks.insert(blocks.begin(), std::move(block));
  return blocks;
}

}  // namespace

std::vector<model::StackId> stacks_in_run_summary(const model::Session& session) {
  const analysis::Selection selection(session);
  const analysis::Summary summary = analysis::summarize(selection, 1);
  std::vector<model::StackId> stacks;
  for (const Block& block : blocks_to_show(selection, summary)) stacks.push_back(block.stack);
  if (!summary.failures.rows.empty()) {
    stacks.push_back(summary.failures.rows.front().failure->stack);
  }
  return stacks;
}

std::string render_run_summary(const model::Session& session, const std::string& path_of_session,
                               const RenderOptions& options) {
  Page page(options);
  const analysis::Selection selection(session);
  const analysis::Summary summary = analysis::summarize(selection, 1);
  if (summary.root == nullptr || summary.largest == nullptr) {
    page.line("memwatch: nothing was recorded: the program never came under the tracer.");
    page.line("  Next: " + page.paint(Tone::command,
                                      "memwatch doctor -- " +
                                          shorten_middle(printable(command_title(session.command)),
                                                         page.width() - 28)));
    return std::move(page).take();
  }
  write_head(page, selection, summary);
  write_facts(page, selection, summary);
  if (summary.pids > 1) write_processes_line(page, selection);
  if (summary.sums.totals.allocations + summary.sums.totals.failed + summary.sums.totals.maps ==
      0) {
    page.blank();
    const std::vector<std::string> reasons = remarks(selection, summary, {});
    if (!reasons.empty()) {
      page.sentence(Tone::caution, reasons.front());
      return std::move(page).take();
    }
    page.line("Nothing was allocated, or the program could not be traced. To find out:");
    page.line("  " + page.paint(Tone::command,
                                "memwatch doctor -- " + printable(command_line(session.command))));
    return std::move(page).take();
  }

  const std::vector<Block> blocks = blocks_to_show(selection, summary);
  const std::vector<std::string> sentences =
      remarks(selection, summary, stacks_in_run_summary(session));
  const std::size_t remark_lines = sentences.empty() ? 0 : kRemarkLines + 1;
  std::size_t left = kRunSummaryLines - kFooter -
                     std::min(page.line_count() + remark_lines, kRunSummaryLines - kFooter);
  for (std::size_t i = 0; i < blocks.size() && left >= kLeastBlock; ++i) {
    const std::size_t share = i + 1 < blocks.size() && left >= 2 * kLeastBlock ? left / 2 : left;
    const std::size_t before = page.line_count();
    write_stack_block(page, session, blocks[i].title, blocks[i].stack,
                      std::min(share, kMostFrames + 2));
    left -= std::min(left, page.line_count() - before);
  }
  if (!sentences.empty()) {
    page.blank();
    // One sentence, within its two lines also on a narrow terminal.
    page.sentence(Tone::caution, shorten_end(sentences.front(), page.width() * 2 - 24));
  }
  if (!path_of_session.empty()) {
    page.blank();
    page.line("Next: " +
              page.paint(Tone::command, report_command(path_of_session, next_view(summary))));
  }
  return std::move(page).take();
}

}  // namespace memwatch::render
