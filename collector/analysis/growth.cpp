#include "collector/analysis/growth.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "collector/analysis/trend.h"

namespace memwatch::analysis {
namespace {

constexpr double kWarmUp = 0.2, kTail = 0.1;  // of the run
constexpr std::size_t kLeastPoints = 5;

// A piece of evidence as a number from 0 to 1: straight lines between given points. The value at
// which it becomes good enough for each sensitivity is where the line passes 0.5, 0.7 and 0.85.
struct Step {
  double value, score;
};
double score(double value, std::initializer_list<Step> steps) {
  const Step* before = steps.begin();
  if (!(value > before->value)) return before->score;
  for (const Step* step = before + 1; step != steps.end(); before = step++) {
    if (value > step->value) continue;
    const double share = (value - before->value) / (step->value - before->value);
    return before->score + share * (step->score - before->score);
  }
  return before->score;
}

Points window_of(const GrowthSeries& series) {
  const double length = series.end - series.start;
  const double from = series.start + kWarmUp * length, to = series.end - kTail * length;
  Points window;
  for (std::size_t i = 0; i < std::min(series.at.size(), series.least.size()); ++i) {
    if (series.at[i] < from || series.at[i] > to) continue;
    window.at.push_back(series.at[i]);
    window.value.push_back(series.least[i]);
  }
  return window;
}

// How the envelope rises over the window.
struct Rises {
  double bytes = 0, largest = 0;
  unsigned count = 0;              // of rises that matter
  std::array<double, 3> thirds{};  // bytes
  std::array<unsigned, 3> counts{};
};

Rises rises_of(const Points& points, const std::vector<double>& envelope) {
  Rises rises;
  rises.bytes = envelope.back() - envelope.front();
  const double from = points.at.front(), length = points.at.back() - from;
  const double matters = 0.2 * rises.bytes / static_cast<double>(envelope.size() - 1);
  for (std::size_t i = 1; i < envelope.size(); ++i) {
    const double rise = envelope[i] - envelope[i - 1];
    const double middle = (points.at[i] + points.at[i - 1]) / 2;
    const auto third = static_cast<std::size_t>(std::clamp(3 * (middle - from) / length, 0.0, 2.0));
    rises.thirds[third] += rise;
    rises.largest = std::max(rises.largest, rise);
    if (rise <= matters) continue;
    ++rises.count;
    ++rises.counts[third];
  }
  return rises;
}

// Rises in the last third as fast as in the faster of the others; what a few large steps leave
// to chance is allowed for.
double score_of_going_on(const Rises& rises) {
  if (rises.counts[2] < 2) return 0;
  const std::size_t faster = rises.thirds[0] > rises.thirds[1] ? 0 : 1;
  if (!(rises.thirds[faster] > 0)) return 1;
  const double chance = 0.5 / std::sqrt(std::max(1U, rises.counts[faster]));
  const double pace = rises.thirds[2] / rises.thirds[faster] + chance;
  return score(pace, {{0.2, 0}, {0.4, 0.5}, {0.6, 0.7}, {0.8, 0.95}, {1, 1}});
}

// How long ago the last rise was, beside the longest that had passed between two of them: what
// levelled off lately is over.
double score_of_latest(const Points& window) {
  const std::vector<double> envelope = lower_envelope(window.value);
  const double matters =
      0.2 * (envelope.back() - envelope.front()) / static_cast<double>(envelope.size() - 1);
  double last = 0, longest = 0;
  bool has_risen = false;
  for (std::size_t i = 1; i < envelope.size(); ++i) {
    if (envelope[i] - envelope[i - 1] <= matters) continue;
    longest = std::max(longest, window.at[i] - (has_risen ? last : window.at[i - 1]));
    last = window.at[i];
    has_risen = true;
  }
  if (!has_risen || !(longest > 0)) return 0;
  const double gap = window.at.back() - last;
  return score(-gap / longest, {{-5, 0}, {-3, 0.5}, {-2, 0.7}, {-1, 1}});
}

bool is_exponential(const Rises& rises, const std::vector<double>& envelope) {
  constexpr double kFaster = 1.6, kTimes = 2.5;
  return rises.thirds[0] > 0.02 * rises.thirds[2] && rises.thirds[1] > kFaster * rises.thirds[0] &&
         rises.thirds[2] > kFaster * rises.thirds[1] && envelope.back() > kTimes * envelope.front();
}

// The rate from where growth began.
void measure_rate(const Points& points, const std::vector<double>& envelope,
                  GrowthVerdict& verdict) {
  std::size_t first = 0;
  while (envelope[first + 1] < envelope.front() + 0.05 * verdict.bytes) ++first;
  if (verdict.exponential) first = std::max(first, points.size() - points.size() / 3);
  first = std::min(first, points.size() - 3);
  Points growing;
  growing.at.assign(points.at.begin() + static_cast<std::ptrdiff_t>(first), points.at.end());
  growing.value.assign(envelope.begin() + static_cast<std::ptrdiff_t>(first), envelope.end());
  const Slope slope = theil_sen(growing);
  verdict.duration = growing.at.back() - growing.at.front();
  // Large steps far apart have no median slope; their sum over the time has.
  verdict.bytes_per_second =
      slope.median > 0 ? slope.median
                       : (growing.value.back() - growing.value.front()) / verdict.duration;
  verdict.rate_range = {std::max(0.0, std::min(slope.range[0], verdict.bytes_per_second)),
                        std::max(slope.range[1], verdict.bytes_per_second)};
}

// At one width of troughs; everything but what the cohorts say.
GrowthVerdict judge_points(const Points& points, const GrowthSeries& series) {
  GrowthVerdict verdict;
  const std::vector<double> envelope = lower_envelope(points.value);
  const Rises rises = rises_of(points, envelope);
  if (!(rises.bytes > 0)) return verdict;
  const double fall = deepest_fall(points.value);
  const double error = std::sqrt(series.variance_per_byte * (envelope.front() + envelope.back()));
  verdict.bytes = rises.bytes;
  verdict.exponential = is_exponential(rises, envelope);
  const double least = std::min({
      score(mann_kendall(points), {{1, 0}, {2, 0.5}, {2.6, 0.7}, {4, 0.95}, {6, 1}}),
      fall > 0 ? score(rises.bytes / fall, {{0.5, 0}, {1, 0.5}, {1.5, 0.7}, {3, 0.9}, {6, 1}}) : 1,
      score_of_going_on(rises),
      score(rises.count, {{2, 0}, {3, 0.4}, {4, 0.55}, {5, 0.7}, {8, 0.95}, {12, 1}}),
      score(-rises.largest / rises.bytes, {{-0.7, 0.3}, {-0.5, 0.7}, {-0.3, 1}}),
      error > 0 ? score(rises.bytes / error, {{2, 0}, {3, 0.5}, {4, 0.7}, {5, 0.85}, {7, 1}}) : 1,
      score(rises.bytes, {{0, 0}, {2048, 0.5}, {8192, 0.7}, {65536, 0.85}, {1 << 20, 1}}),
      score(series.end - series.start, {{0, 0}, {2, 0.5}, {10, 0.7}, {30, 0.85}, {120, 1}}),
      series.unsure_bytes > rises.bytes / 2 ? 0.45 : 1.0,
  });
  verdict.confidence = static_cast<unsigned>(std::lround(100 * least));
  measure_rate(points, envelope, verdict);
  return verdict;
}

// A few deep falls on the way are phases of growing and shrinking; only where it fell again and
// again, and each time less deep than it had risen, is it a trend with waves.
double score_of_falls(const Points& window, double bytes) {
  const double deepest = deepest_fall(window.value);
  if (bytes >= 6 * deepest) return 1;
  double highest = window.value.front(), lowest = highest;
  unsigned falls = 0;
  for (const double value : window.value) {
    if (value > highest || value - lowest > deepest / 2) {
      if (highest - lowest >= deepest / 2) ++falls;
      highest = lowest = value;
    }
    lowest = std::min(lowest, value);
  }
  return score(falls, {{1, 0.4}, {2, 0.45}, {3, 0.75}, {4, 1}});
}

// What is known of the blocks' ages, from the last look before the tail.
struct Ages {
  bool known = false;
  unsigned generations = 0;  // cohorts with more than a tenth of what survived, the youngest too
  double survived = 0;       // of what was allocated in the window, leaving out the youngest
  double risen = 0;          // bytes by which the troughs rose in that time
  double distance = 1;       // of when they were born from when the troughs rose; 0: as they rose
  double died = 0;           // share of the old that went between the looks
};

// The largest difference of two distributions over the same cohorts (Kolmogorov, Smirnov).
double distance(const std::vector<double>& survived, const std::vector<double>& risen) {
  double all_survived = 0, all_risen = 0;
  for (const double bytes : survived) all_survived += bytes;
  for (const double bytes : risen) all_risen += bytes;
  if (!(all_survived > 0) || !(all_risen > 0)) return 1;
  double survived_by_then = 0, risen_by_then = 0, largest = 0;
  for (std::size_t i = 0; i < survived.size(); ++i) {
    survived_by_then += survived[i] / all_survived;
    risen_by_then += risen[i] / all_risen;
    largest = std::max(largest, std::abs(survived_by_then - risen_by_then));
  }
  return largest;
}

Ages ages_of(const GrowthSeries& series, const Points& window) {
  Ages ages;
  const double tail = series.end - kTail * (series.end - series.start);
  const std::size_t look = series.looks[1] <= tail ? 1 : 0;
  if (series.cohorts.empty() || !(series.looks[look] > window.at.front())) return ages;
  const std::vector<double> envelope = lower_envelope(window.value);
  // The envelope at a moment, between two points by the straight line.
  const auto level = [&](double at) {
    const auto next = std::lower_bound(window.at.begin(), window.at.end(), at);
    if (next == window.at.begin()) return envelope.front();
    if (next == window.at.end()) return envelope.back();
    const auto i = static_cast<std::size_t>(next - window.at.begin());
    const double share = (at - window.at[i - 1]) / (window.at[i] - window.at[i - 1]);
    return envelope[i - 1] + share * (envelope[i] - envelope[i - 1]);
  };
  std::vector<double> survived, risen;
  double then = 0, now = 0, old_then = 0, old_now = 0;
  for (const GrowthSeries::Cohort& cohort : series.cohorts) {
    then += cohort.survived[0];
    now += cohort.survived[1];
    // A cohort's length before the look, and not from the warm-up.
    if (2 * cohort.to - cohort.from <= series.looks[0] + 1e-9 &&
        cohort.from >= window.at.front() - 1e-9) {
      old_then += cohort.survived[0];
      old_now += cohort.survived[1];
    }
    // The last cohort before the look is too young to tell.
    const bool is_young = cohort.to + (cohort.to - cohort.from) > series.looks[look] + 1e-9;
    if (cohort.from >= window.at.front() - 1e-9 && !is_young) {
      survived.push_back(cohort.survived[look]);
      risen.push_back(level(cohort.to) - level(cohort.from));
    }
  }
  double all = 0;
  for (const GrowthSeries::Cohort& cohort : series.cohorts) all += cohort.survived[look];
  for (const GrowthSeries::Cohort& cohort : series.cohorts) {
    if (cohort.survived[look] > 0.1 * all) ++ages.generations;
  }
  if (survived.size() < 3) return ages;
  ages.known = true;
  for (const double bytes : survived) ages.survived += bytes;
  for (const double bytes : risen) ages.risen += bytes;
  ages.distance = distance(survived, risen);
  // Unless everything was being freed already, at the second look.
  if (now > 0.7 * then && old_then > 0) ages.died = 1 - old_now / old_then;
  return ages;
}

// Troughs that rise while what is old dies: a buffer that is reallocated, larger each time, or
// chance, or a cache that turns over. The first grows by much, without falls, and is a single
// block.
double most_without_accumulation(const Points& window, double bytes, const Ages& ages) {
  const double fall = deepest_fall(window.value);
  const bool is_plain = bytes > 0.5 * window.value.front() && bytes > 6 * fall;
  return is_plain && ages.generations <= 1 ? 0.75 : 0.45;
}

// Nothing is known of ages: then it has to exceed falls by more.
double most_without_ages(const Points& window, double bytes) {
  const double fall = deepest_fall(window.value);
  if (!(fall > 0)) return 1;
  return score(bytes / fall, {{1.5, 0.4}, {3, 0.65}, {4, 0.75}, {8, 0.95}, {12, 1}});
}

}  // namespace

unsigned least_confidence(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::low:
      return 85;
    case Sensitivity::medium:
      return 70;
    case Sensitivity::high:
      return 50;
  }
  return 70;
}

GrowthVerdict judge_growth(const GrowthSeries& series, Sensitivity sensitivity) {
  const Points window = window_of(series);
  GrowthVerdict verdict;
  // Wider troughs see through waves that narrow ones follow.
  for (const std::size_t width : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
    const Points points = troughs(window, width);
    if (points.size() < kLeastPoints) break;
    const GrowthVerdict other = judge_points(points, series);
    if (other.confidence > verdict.confidence) verdict = other;
  }
  if (verdict.confidence == 0) return {};
  const Ages ages = ages_of(series, window);
  verdict.accumulates =
      ages.known && ages.survived > 0.5 * ages.risen && ages.distance < 0.35 && ages.died < 0.1;
  double most = std::min(score_of_latest(window), score_of_falls(window, verdict.bytes));
  if (!ages.known) most = std::min(most, most_without_ages(window, verdict.bytes));
  if (ages.known && !verdict.accumulates) {
    most = std::min(most, most_without_accumulation(window, verdict.bytes, ages));
  }
  verdict.confidence = std::min(verdict.confidence, static_cast<unsigned>(std::lround(100 * most)));
  verdict.growing = verdict.confidence >= least_confidence(sensitivity);
  if (!verdict.growing) {
    const unsigned confidence = verdict.confidence;
    verdict = {};
    verdict.confidence = confidence;
  }
  return verdict;
}

}  // namespace memwatch::analysis
