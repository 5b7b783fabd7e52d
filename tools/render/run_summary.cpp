#include "tools/render/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collector/analysis/processes.h"
#include "collector/analysis/summary.h"
#include "tools/render/facts.h"
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

void write_head(Page& page, const analysis::Selection& selection,
                const analysis::Summary& summary) {
  std::string end = end_phrase(*summary.root) + " after " + human_duration(summary.sums.duration);
  const std::size_t used = display_width(end) + 12;
  const std::string command = shorten_middle(printable(command_line(selection.session().command)),
                                             page.width() > used ? page.width() - used : 0);
  const bool fine =
      summary.root->exit_kind == model::ExitKind::exited && summary.root->exit_code == 0;
  page.line(page.paint(Tone::strong, "memwatch: " + command) + "  " +
            page.paint(fine ? Tone::faint : Tone::caution, end));
  std::string exactness = exactness_phrase(summary);
  if (selection.processes().size() > 1) {
    exactness = counted(selection.processes().size(), "process", "processes") + ", " + exactness;
  }
  const bool doubtful = summary.sampled || summary.idle || !summary.sums.losses.exact;
  page.line("  " + page.paint(doubtful ? Tone::caution : Tone::good,
                              shorten_end(exactness, page.width() - 2)));
}

// The largest few of a tree, one line each; more are in the processes view.
void write_processes_line(Page& page, const analysis::Selection& selection) {
  std::vector<const model::Process*> largest = selection.processes();
  std::stable_sort(largest.begin(), largest.end(),
                   [](const model::Process* a, const model::Process* b) {
                     return a->heap.peak_bytes > b->heap.peak_bytes;
                   });
  std::string detail;
  for (std::size_t i = 0; i < largest.size() && i < 3; ++i) {
    if (!detail.empty()) detail += ", ";
    detail +=
        fmt::format("{} {}", program_name(*largest[i]), human_bytes(largest[i]->heap.peak_bytes));
  }
  if (largest.size() > 3) detail += ", …";
  page.line("  largest processes    " +
            page.paint(Tone::faint, shorten_end(detail, page.width() - 23)));
}

void write_stack_block(Page& page, const model::Session& session, const std::string& title,
                       model::StackId stack, std::size_t lines) {
  page.blank();
  page.line(page.paint(Tone::strong, shorten_end(title, page.width())));
  page.lines(
      stack_lines(page, session, stack,
                  StackLayout{.indent = 4, .lines = lines - 2, .without_leading_noise = true}));
}

struct Block {
  std::string title;
  model::StackId stack;
};

// The stack to mend and the one that costs most; one block if they are the same. What was not freed
// comes first unless it is next to nothing beside the peak.
std::vector<Block> blocks_to_show(const analysis::Summary& summary) {
  std::vector<Block> blocks;
  const auto& leaks = summary.leaks.by_bytes.rows;
  const auto& peaks = summary.peak.by_share.rows;
  const bool same = !leaks.empty() && !peaks.empty() && leaks[0].site.stack == peaks[0].site.stack;
  if (!leaks.empty()) {
    blocks.push_back(
        {fmt::format("Largest {}: {} in {}, {} of it{}", not_freed_phrase(summary.leaks.end),
                     human_bytes(leaks[0].cost),
                     counted(leaks[0].site.live_blocks, "block", "blocks"),
                     human_percent(leaks[0].share), same ? " (and the largest at the peak)" : ""),
         leaks[0].site.stack});
  }
  if (!peaks.empty() && !same) {
    blocks.push_back({fmt::format("Largest at the peak: {}, {} of it", human_bytes(peaks[0].cost),
                                  human_percent(peaks[0].share)),
                      peaks[0].site.stack});
  }
  constexpr std::uint64_t kNextToNothing = 20;  // less than a twentieth
  if (blocks.size() == 2 && summary.leaks.bytes < summary.sums.peak_bytes_sum / kNextToNothing) {
    std::swap(blocks[0], blocks[1]);
  }
  return blocks;
}

}  // namespace

std::vector<model::StackId> stacks_in_run_summary(const model::Session& session) {
  const analysis::Selection selection(session);
  const analysis::Summary summary = analysis::summarize(selection, 1);
  std::vector<model::StackId> stacks;
  for (const Block& block : blocks_to_show(summary)) stacks.push_back(block.stack);
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
    page.line("  Next: " +
              page.paint(Tone::command, "memwatch doctor -- " +
                                            shorten_middle(printable(command_line(session.command)),
                                                           page.width() - 28)));
    return std::move(page).take();
  }
  write_head(page, selection, summary);
  write_facts(page, selection, summary);
  if (selection.processes().size() > 1) write_processes_line(page, selection);
  if (summary.sums.totals.allocations + summary.sums.totals.failed + summary.sums.totals.maps ==
      0) {
    page.blank();
    page.line("Nothing was allocated, or the program could not be traced. To find out:");
    page.line("  " + page.paint(Tone::command,
                                "memwatch doctor -- " + printable(command_line(session.command))));
    return std::move(page).take();
  }

  const std::vector<Block> blocks = blocks_to_show(summary);
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
