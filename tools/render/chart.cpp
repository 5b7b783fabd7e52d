#include "tools/render/chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/render/human.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

constexpr std::array<const char*, 9> kRising = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> kFilling = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

double scaled(std::uint64_t value, std::uint64_t largest, double to) {
  if (largest == 0) return 0;
  return static_cast<double>(value) / static_cast<double>(largest) * to;
}

}  // namespace

std::string sparkline(std::span<const std::uint64_t> values) {
  const std::uint64_t largest =
      values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  std::string line;
  for (const std::uint64_t value : values) {
    const auto level = static_cast<std::size_t>(std::ceil(scaled(value, largest, 8)));
    line += kRising[std::clamp<std::size_t>(level, 1, 8)];
  }
  return line;
}

std::string bar(double share, std::size_t columns) {
  const double eighths = std::clamp(share, 0.0, 1.0) * static_cast<double>(columns) * 8;
  auto left = static_cast<std::size_t>(std::round(eighths));
  if (left == 0 && share > 0) left = 1;
  std::string filled;
  while (left > 0) {
    const std::size_t here = std::min<std::size_t>(left, 8);
    filled += kFilling[here];
    left -= here;
  }
  return filled;
}

void write_timeline_chart(Page& page, const analysis::Timeline& timeline, std::size_t rows) {
  const std::uint64_t largest = std::max(timeline.largest_live_bytes, timeline.largest_rss);
  if (timeline.columns.empty() || largest == 0 || rows == 0) return;
  constexpr std::size_t kLabel = 10;
  for (std::size_t row = rows; row-- > 0;) {
    std::string label;
    if (row + 1 == rows) label = human_bytes(largest);
    if (row == rows / 2 && rows > 4) {
      label = human_bytes(largest / rows * (rows / 2 + 1));
    }
    std::string line(kLabel - std::min(kLabel, display_width(label)), ' ');
    line = page.paint(Tone::faint, line + label + " ┤");
    std::string run;
    Tone run_tone = Tone::plain;
    const auto put = [&](Tone tone, const char* character) {
      if (tone != run_tone) {
        line += page.paint(run_tone, run);
        run.clear();
        run_tone = tone;
      }
      run += character;
    };
    for (const analysis::TimelineColumn& column : timeline.columns) {
      const double rows_up = static_cast<double>(rows);
      const double heap =
          std::ceil((scaled(column.live_bytes, largest, rows_up) - static_cast<double>(row)) * 8);
      const double rss = std::ceil(scaled(column.rss, largest, rows_up)) - 1;
      if (heap > 0) {
        put(Tone::heap, kRising[static_cast<std::size_t>(std::min(heap, 8.0))]);
      } else if (column.rss > 0 && rss == static_cast<double>(row)) {
        put(Tone::caution, "·");
      } else {
        put(Tone::plain, " ");
      }
    }
    line += page.paint(run_tone, run);
    page.line(std::move(line));
  }
  const std::size_t columns = timeline.columns.size();
  const std::string from = human_duration(timeline.start - timeline.process_start);
  const std::string to = human_duration(timeline.end - timeline.process_start);
  std::string axis(kLabel + 1, ' ');
  axis += "└";
  for (std::size_t i = 0; i < columns; ++i) axis += "─";
  page.line(page.paint(Tone::faint, axis));
  const std::size_t used = display_width(from) + display_width(to);
  std::string times(kLabel + 2, ' ');
  times += from + std::string(columns > used ? columns - used : 1, ' ') + to;
  page.line(page.paint(Tone::faint, times));
}

}  // namespace memwatch::render
