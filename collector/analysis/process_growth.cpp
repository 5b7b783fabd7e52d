#include "collector/analysis/process_growth.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "collector/analysis/growth_advice.h"

namespace memwatch::analysis {
namespace {

constexpr double kHour = 3600, kDay = 24 * kHour;
constexpr double kMiB = 1 << 20;

// Once or twice far above what is usual, for a short time, neither at the start nor at the end.
bool has_spike(const model::Process& process, const GrowthSeries& heap) {
  constexpr double kTimes = 3, kLeastHeight = kMiB, kLongest = 0.2;
  if (heap.least.size() < 16) return false;
  const double length = heap.end - heap.start;
  const double peak = static_cast<double>(process.heap.peak_bytes);
  const double at = process.heap.peak_at - heap.start;
  if (at < 0.1 * length || at > 0.9 * length) return false;
  std::vector<double> sorted = heap.least;
  std::sort(sorted.begin(), sorted.end());
  const double usual = sorted[sorted.size() / 2];
  // The last epochs may be the process's end; they only have to be no higher.
  if (peak < kTimes * usual || peak - usual < kLeastHeight) return false;
  const double half = (peak + usual) / 2;
  if (heap.least.back() > half) return false;
  unsigned visits = 0;
  double above = 0, before = heap.start;
  bool was_above = false;
  for (const model::TimelineSample& sample : process.timeline) {
    const bool is_above = static_cast<double>(sample.live_bytes) > half;
    if (is_above && !was_above) ++visits;
    if (is_above) above += sample.at - before;
    was_above = is_above;
    before = sample.at;
  }
  return visits <= 2 && above <= kLongest * length;
}

// Of a sample (or of mere counters) in which nothing came to be seen. An exact recording without a
// block did see that there was none.
bool saw_nothing(const model::Process& process) {
  return process.mode != model::Mode::exact && process.heap.peak_bytes == 0;
}

std::optional<TimeToLimit> time_to_limit(const model::Process& process,
                                         const ProcessGrowth& growth) {
  std::optional<TimeToLimit> nearest;
  if (process.timeline.empty() || !(growth.bytes_per_second > 0)) return nearest;
  const model::TimelineSample& last = process.timeline.back();
  const auto consider = [&](std::string_view name, std::uint64_t limit, std::uint64_t used) {
    if (limit == 0 || used == 0) return;
    const std::uint64_t left = limit > used ? limit - used : 0;
    if (nearest && nearest->bytes_left <= left) return;
    nearest = TimeToLimit{name, left, 0, {}};
  };
  consider("cgroup", last.cgroup_limit, last.cgroup_usage);
  consider("RLIMIT_AS", process.address_space_limit, last.vms);
  consider("RLIMIT_DATA", process.data_limit, last.data);
  if (!nearest) return nearest;
  const auto left = static_cast<double>(nearest->bytes_left);
  const auto seconds = [left](double rate) {
    return rate > 0 ? left / rate : std::numeric_limits<double>::infinity();
  };
  nearest->seconds = seconds(growth.bytes_per_second);
  nearest->range = {seconds(growth.rate_range[1]), seconds(growth.rate_range[0])};
  return nearest;
}

std::string_view severity_of(const ProcessGrowth& growth) {
  if (growth.pattern == GrowthPattern::spike) return "low";
  if (!growth.grows()) return "none";
  const double limit = growth.time_to_limit ? growth.time_to_limit->seconds
                                            : std::numeric_limits<double>::infinity();
  if (limit < kHour) return "critical";
  if (growth.pattern == GrowthPattern::exponential || limit < kDay ||
      growth.bytes_per_second > kMiB) {
    return "high";
  }
  return growth.bytes_per_second * kHour > 10 * kMiB ? "medium" : "low";
}

// From the sites that grow.
void sum_sites(ProcessGrowth& growth) {
  double accumulating = 0, exponential = 0;
  for (const SiteGrowth& site : growth.sites) {
    const GrowthVerdict& verdict = site.verdict;
    growth.bytes_per_second += verdict.bytes_per_second;
    growth.rate_range[0] += verdict.rate_range[0];
    growth.rate_range[1] += verdict.rate_range[1];
    growth.duration = std::max(growth.duration, verdict.duration);
    growth.confidence = std::max(growth.confidence, verdict.confidence);
    if (verdict.accumulates) accumulating += verdict.bytes_per_second;
    if (verdict.exponential) exponential += verdict.bytes_per_second;
  }
  growth.pattern = GrowthPattern::linear;
  if (accumulating > growth.bytes_per_second / 2) growth.pattern = GrowthPattern::leak;
  if (exponential > growth.bytes_per_second / 2) growth.pattern = GrowthPattern::exponential;
}

}  // namespace

std::string_view growth_pattern_name(GrowthPattern pattern) {
  switch (pattern) {
    case GrowthPattern::stable:
      return "stable";
    case GrowthPattern::linear:
      return "linear";
    case GrowthPattern::exponential:
      return "exponential";
    case GrowthPattern::spike:
      return "spike";
    case GrowthPattern::leak:
      return "leak";
  }
  return "stable";
}

ProcessGrowth find_growth(const model::Process& process, Sensitivity sensitivity) {
  ProcessGrowth growth;
  for (const auto& [stack, series] : site_series(process)) {
    const GrowthVerdict verdict = judge_growth(series, sensitivity);
    if (verdict.growing) {
      growth.sites.push_back({stack, verdict});
    } else {
      growth.doubtful_sites.emplace(stack, verdict.confidence);
    }
  }
  std::stable_sort(growth.sites.begin(), growth.sites.end(),
                   [](const SiteGrowth& a, const SiteGrowth& b) {
                     return a.verdict.bytes_per_second > b.verdict.bytes_per_second;
                   });
  const GrowthSeries heap = heap_series(process);
  const GrowthVerdict whole = judge_growth(heap, sensitivity);
  if (!growth.sites.empty()) {
    sum_sites(growth);
  } else if (whole.growing) {
    growth.pattern = whole.exponential ? GrowthPattern::exponential : GrowthPattern::linear;
    growth.confidence = whole.confidence;
    growth.bytes_per_second = whole.bytes_per_second;
    growth.rate_range = whole.rate_range;
    growth.duration = whole.duration;
  } else if (has_spike(process, heap)) {
    growth.pattern = GrowthPattern::spike;
    growth.confidence = 90;
  } else {
    // Too short to have any points: nothing is known.
    constexpr std::size_t kLeastEpochs = 10;
    const bool is_known = heap.least.size() >= kLeastEpochs && !saw_nothing(process);
    growth.confidence = is_known ? 100 - whole.confidence : 0;
  }
  growth.time_to_limit = time_to_limit(process, growth);
  growth.severity = severity_of(growth);
  growth.recommendation = growth_advice(growth, process, "");
  return growth;
}

}  // namespace memwatch::analysis
