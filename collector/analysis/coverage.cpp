#include "collector/analysis/coverage.h"

#include <algorithm>

namespace memwatch::analysis {
namespace {

std::uint64_t grown(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(std::min(part, whole)) / static_cast<double>(whole);
}

}  // namespace

std::optional<Coverage> find_coverage(const model::Process& process) {
  if (process.mode == model::Mode::idle) return std::nullopt;  // the traced heap is not known
  const model::TimelineSample* first = nullptr;
  const model::TimelineSample* largest = nullptr;
  for (const model::TimelineSample& sample : process.timeline) {
    if (sample.rss == 0) continue;
    if (first == nullptr) first = &sample;
    if (largest == nullptr || sample.rss > largest->rss) largest = &sample;
  }
  if (largest == nullptr) return std::nullopt;

  Coverage coverage;
  coverage.at = largest->at;
  coverage.rss = largest->rss;
  coverage.heap = largest->live_bytes;
  coverage.mapped = largest->mapped_bytes;
  const std::uint64_t traced = largest->live_bytes + largest->mapped_bytes;
  coverage.explained = ratio(traced, largest->rss);
  coverage.untouched = traced > largest->rss;
  coverage.rss_growth = grown(first->rss, largest->rss);
  if (coverage.rss_growth >= kLeastGrowthBytes) {
    const std::uint64_t traced_growth = grown(first->live_bytes + first->mapped_bytes, traced);
    coverage.explained_growth = ratio(traced_growth, coverage.rss_growth);
  }
  return coverage;
}

}  // namespace memwatch::analysis
