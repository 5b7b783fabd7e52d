// The timeline view: a chart per process, heap as area and RSS as dots.
#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/timeline.h"
#include "tools/render/chart.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kAxis = 12;     // columns that the labels take
constexpr std::size_t kWidest = 100;  // more is not easier to read
constexpr std::size_t kRows = 10;
constexpr std::size_t kLeastSamples = 3;  // fewer make no curve

}  // namespace

void write_timeline(Page& page, const ViewContext& context) {
  std::vector<const model::Process*> charted;
  std::size_t short_lived = 0;
  for (const model::Process* process : context.selection.processes()) {
    if (process->timeline.size() >= kLeastSamples) {
      charted.push_back(process);
    } else {
      ++short_lived;
    }
  }
  if (charted.empty()) {
    page.line(short_lived == 1
                  ? "Too short for a timeline: the program ended after one sample or two."
                  : "Too short for a timeline: no process lived for more than two samples.");
    page.line("`memwatch run --rss-interval 10` samples every 10 milliseconds.");
    return;
  }
  std::stable_sort(charted.begin(), charted.end(),
                   [](const model::Process* a, const model::Process* b) {
                     return a->heap.peak_bytes > b->heap.peak_bytes;
                   });
  // A chart is a dozen lines, so several processes get the largest few unless --top says more.
  const std::size_t top = page.options().top == 0 ? charted.size() : page.options().top;
  const std::size_t shown = std::min({charted.size(), top, std::max<std::size_t>(3, top / 3)});
  const std::size_t columns = std::min(kWidest, page.width() - kAxis);
  for (std::size_t i = 0; i < shown; ++i) {
    const model::Process& process = *charted[i];
    const analysis::Timeline timeline = analysis::make_timeline(process, columns);
    page.blank();
    page.line(page.paint(Tone::strong, fmt::format("{} ({})", program_name(process), process.pid)) +
              fmt::format("  {}", counted(timeline.samples, "sample", "samples")));
    page.line("  " + page.paint(Tone::heap, "█") +
              fmt::format(" heap, peak {}{}   ", human_bytes(process.heap.peak_bytes),
                          process.heap.peak_deviation == 0
                              ? ""
                              : " " + error_phrase(process.heap.peak_deviation)) +
              page.paint(Tone::caution, "·") +
              fmt::format(" RSS, peak {}",
                          human_bytes(std::max(process.rss.peak, timeline.largest_rss))));
    write_timeline_chart(page, timeline, kRows);
    std::vector<std::uint64_t> rates;
    double fastest = 0;
    for (const analysis::TimelineColumn& column : timeline.columns) {
      fastest = std::max(fastest, column.allocations_per_second);
      rates.push_back(static_cast<std::uint64_t>(std::min(column.allocations_per_second, 1e15)));
    }
    if (fastest >= 1) {
      page.line(page.paint(Tone::faint, "   calls/s  ") +
                page.paint(Tone::plain, sparkline(rates)));
      page.line(
          page.paint(Tone::faint, fmt::format("            at most {}", human_rate(fastest))));
    }
  }
  write_more(page, shown, charted.size(), "processes");
  if (short_lived > 0) {
    page.blank();
    page.line(page.paint(Tone::faint,
                         fmt::format("Left out: {} that lived for less than {} samples.",
                                     counted(short_lived, "program", "programs"), kLeastSamples)));
  }
}

}  // namespace memwatch::render
