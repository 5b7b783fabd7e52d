// A process's stored history as series. Rows may be hostile: epochs out of range are left out, and
// more epochs or sites than a recording keeps.
#include <algorithm>
#include <cmath>

#include "collector/analysis/process_growth.h"
#include "collector/model/heap_history.h"

namespace memwatch::analysis {
namespace {

// What all series of a process have in common. Times in a damaged session may run backwards: then
// the history ends there.
GrowthSeries frame_of(const model::Process& process) {
  GrowthSeries series;
  series.start = process.start;
  series.end = process.start + process.duration;
  double before = process.start;
  for (const model::HeapEpoch& epoch : process.epochs) {
    const bool is_full = series.at.size() == model::HeapHistory::kEpochs;
    if (is_full || !(epoch.end >= before) || epoch.end > 1e12) break;
    series.at.push_back(epoch.end);
    before = epoch.end;
  }
  series.end = std::max(series.end, before);
  series.least.resize(series.at.size());
  return series;
}

double look_time(const GrowthSeries& series, std::uint64_t epochs) {
  return epochs == 0 || epochs > series.at.size() ? series.start
                                                  : series.at[static_cast<std::size_t>(epochs - 1)];
}

double variance_per_byte(std::uint64_t bytes, std::uint64_t deviation) {
  if (bytes == 0) return 0;
  const auto d = static_cast<double>(deviation);
  return d * d / static_cast<double>(bytes);
}

// Frees that were lost, or of blocks that were never seen, as bytes of an average block.
double unsure_bytes(const model::Process& process) {
  if (process.epochs.empty()) return 0;
  // As much as may have been freed unseen since the warm-up.
  const std::size_t first = process.epochs.size() / 5;
  const std::uint64_t before = process.epochs[first].unknown_frees;
  const std::uint64_t after = process.epochs.back().unknown_frees;
  const std::uint64_t calls = process.totals.allocations + process.totals.reallocations;
  if (after <= before || calls == 0) return 0;
  return static_cast<double>(after - before) * static_cast<double>(process.totals.allocated_bytes) /
         static_cast<double>(calls);
}

}  // namespace

std::vector<std::pair<model::StackId, GrowthSeries>> site_series(const model::Process& process) {
  GrowthSeries frame = frame_of(process);
  const std::size_t epochs = frame.at.size();
  if (epochs == 0) return {};
  frame.looks = {look_time(frame, process.survivor_looks[0]),
                 look_time(frame, process.survivor_looks[1])};
  frame.unsure_bytes = unsure_bytes(process);
  std::vector<std::pair<model::StackId, GrowthSeries>> all;
  std::unordered_map<model::StackId, std::size_t> place;
  for (const model::SiteEpoch& row : process.site_epochs) {
    if (row.epoch >= epochs) continue;
    const bool is_full = all.size() == model::HeapHistory::kSitesWrittenDown;
    if (is_full && !place.contains(row.stack)) continue;
    const auto [at, is_new] = place.try_emplace(row.stack, all.size());
    if (is_new) {
      all.emplace_back(row.stack, frame);
      auto& cohorts = all.back().second.cohorts;
      for (std::size_t first = 0; first < epochs; first += model::kEpochsPerCohort) {
        const std::size_t last = std::min(first + model::kEpochsPerCohort, epochs) - 1;
        cohorts.push_back({first == 0 ? frame.start : frame.at[first - 1], frame.at[last], {}});
      }
    }
    GrowthSeries& series = all[at->second].second;
    series.least[row.epoch] = static_cast<double>(row.least_bytes);
    GrowthSeries::Cohort& cohort = series.cohorts[row.epoch / model::kEpochsPerCohort];
    cohort.survived[0] += static_cast<double>(row.survived_first);
    cohort.survived[1] += static_cast<double>(row.survived_second);
  }
  for (const model::Site& site : process.sites) {
    const auto at = place.find(site.stack);
    if (at == place.end()) continue;
    all[at->second].second.variance_per_byte =
        variance_per_byte(site.live_bytes, site.live_deviation);
  }
  return all;
}

GrowthSeries heap_series(const model::Process& process) {
  GrowthSeries series = frame_of(process);
  for (std::size_t i = 0; i < series.at.size(); ++i) {
    series.least[i] = static_cast<double>(process.epochs[i].least_bytes);
  }
  series.variance_per_byte =
      variance_per_byte(process.heap.live_bytes, process.heap.live_deviation);
  series.unsure_bytes = unsure_bytes(process);
  // Of the sites that grew most. What grows by many more has survivors that are not counted here,
  // and has to be plain without them.
  for (const auto& [stack, site] : site_series(process)) {
    if (series.cohorts.empty()) {
      series.cohorts = site.cohorts;
      series.looks = site.looks;
      continue;
    }
    for (std::size_t i = 0; i < series.cohorts.size(); ++i) {
      for (std::size_t look = 0; look < series.looks.size(); ++look) {
        series.cohorts[i].survived[look] += site.cohorts[i].survived[look];
      }
    }
  }
  return series;
}

}  // namespace memwatch::analysis
