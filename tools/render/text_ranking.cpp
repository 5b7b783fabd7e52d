#include <fmt/format.h>

#include "tools/render/chart.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kBarColumns = 10;
constexpr std::size_t kNumberColumns = 25;  // rank, cost and share with their gaps

std::string right_aligned(const std::string& text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(width > used ? width - used : 0, ' ') + text;
}

}  // namespace

void write_more(Page& page, std::size_t shown, std::size_t all, const std::string& what) {
  if (shown >= all) return;
  page.blank();
  page.line(page.paint(Tone::faint,
                       fmt::format("… and {} more {} (--top 0 shows all)", all - shown, what)));
}

void write_ranking(Page& page, const ViewContext& context, const analysis::Ranking& ranking,
                   const RankingStyle& style) {
  if (context.selection.narrows_stacks()) {
    const auto value = [&](std::uint64_t cost) {
      return style.bytes ? human_bytes(cost) : human_count(cost);
    };
    page.line(page.paint(Tone::faint, fmt::format("  filtered: {} of {} in {}",
                                                  value(ranking.selected), value(ranking.total),
                                                  counted(ranking.stacks, "stack", "stacks"))));
    if (ranking.rows.empty()) {
      page.line("  No stack with a cost matches --filter and --exclude; leave one out.");
    }
  }
  std::size_t number = 0;
  for (const analysis::RankedSite& row : ranking.rows) {
    page.blank();
    const std::string cost = style.bytes ? human_bytes(row.cost) : human_count(row.cost);
    std::string line = page.paint(Tone::faint, right_aligned(std::to_string(++number), 3)) + "  ";
    line += page.paint(style.tone, right_aligned(cost, 9));
    line += right_aligned(human_percent(row.share), 9) + "  ";
    const std::string filled = bar(row.share, kBarColumns);
    line += page.paint(Tone::heap, filled);
    line += std::string(kBarColumns - display_width(filled) + 2, ' ');
    if (style.detail != nullptr) {
      const std::size_t used = kNumberColumns + kBarColumns + 2;
      const std::size_t room = page.width() > used ? page.width() - used : 0;
      line += page.paint(Tone::faint, shorten_end(style.detail(row), room));
    }
    page.line(std::move(line));
    page.lines(stack_lines(page, context.selection.session(), row.site.stack,
                           StackLayout{.indent = 6, .lines = page.options().frames}));
  }
  if (ranking.rows.size() < ranking.stacks) {
    const std::uint64_t rest = ranking.selected - ranking.shown;
    write_more(
        page, ranking.rows.size(), ranking.stacks,
        fmt::format("stacks, {} together", style.bytes ? human_bytes(rest) : human_count(rest)));
  }
}

}  // namespace memwatch::render
