#include "collector/analysis/timeline.h"

#include <algorithm>
#include <cmath>

namespace memwatch::analysis {
namespace {

// Where on the axis a sample falls; the last column takes the end of the axis as well.
std::size_t column_of(double at, const Timeline& timeline, std::size_t columns) {
  const double length = timeline.end - timeline.start;
  const double position = (at - timeline.start) / length * static_cast<double>(columns);
  if (!(position > 0)) return 0;  // also for NaN
  return std::min(static_cast<std::size_t>(std::min(position, 1e6)), columns - 1);
}

// The calls between two samples, spread evenly over the columns between them.
void fill_rates(const model::Process& process, Timeline& timeline, std::size_t columns) {
  const model::TimelineSample* before = nullptr;
  for (const model::TimelineSample& sample : process.timeline) {
    if (before != nullptr && sample.at > before->at && sample.allocations > before->allocations) {
      const double rate =
          static_cast<double>(sample.allocations - before->allocations) / (sample.at - before->at);
      const std::size_t first = column_of(before->at, timeline, columns);
      const std::size_t last = column_of(sample.at, timeline, columns);
      for (std::size_t i = first; i <= last; ++i) {
        double& fastest = timeline.columns[i].allocations_per_second;
        fastest = std::max(fastest, rate);
      }
    }
    before = &sample;
  }
}

}  // namespace

Timeline make_timeline(const model::Process& process, std::size_t columns) {
  Timeline timeline;
  timeline.samples = process.timeline.size();
  timeline.process_start = process.start;
  if (process.timeline.empty() || columns == 0) return timeline;
  timeline.start = process.timeline.front().at;
  timeline.end = timeline.start;
  for (const model::TimelineSample& sample : process.timeline) {
    if (std::isfinite(sample.at)) timeline.end = std::max(timeline.end, sample.at);
  }
  if (!(timeline.end > timeline.start)) timeline.end = timeline.start + 0.001;

  timeline.columns.resize(columns);
  std::vector<bool> filled(columns);
  for (const model::TimelineSample& sample : process.timeline) {
    const std::size_t index = column_of(sample.at, timeline, columns);
    TimelineColumn& column = timeline.columns[index];
    column.live_bytes = std::max(column.live_bytes, sample.live_bytes);
    column.mapped_bytes = std::max(column.mapped_bytes, sample.mapped_bytes);
    column.rss = std::max(column.rss, sample.rss);
    filled[index] = true;
  }
  const double width = (timeline.end - timeline.start) / static_cast<double>(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    TimelineColumn& column = timeline.columns[i];
    if (!filled[i] && i > 0) column = timeline.columns[i - 1];
    column.allocations_per_second = 0;
    column.at = timeline.start + width * static_cast<double>(i);
    timeline.largest_live_bytes = std::max(timeline.largest_live_bytes, column.live_bytes);
    timeline.largest_rss = std::max(timeline.largest_rss, column.rss);
  }
  fill_rates(process, timeline, columns);
  return timeline;
}

}  // namespace memwatch::analysis
