// Verdicts on series made by hand: shapes, noise, gaps, limits.
#include "collector/analysis/growth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "collector/analysis/growth_advice.h"
#include "collector/analysis/process_growth.h"
#include "collector/analysis/trend.h"

namespace memwatch::analysis {
namespace {

constexpr double kSeconds = 300;

GrowthSeries series_of(const std::function<double(double)>& bytes, std::size_t points = 48) {
  GrowthSeries series;
  series.end = kSeconds;
  for (std::size_t i = 1; i <= points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(points);
    series.at.push_back(share * kSeconds);
    series.least.push_back(bytes(share));
  }
  return series;
}

GrowthVerdict medium(const GrowthSeries& series) {
  return judge_growth(series, Sensitivity::medium);
}

TEST(Growth, ALineGrowsAtItsRate) {
  const GrowthVerdict verdict = medium(series_of([](double share) { return 3e6 * share; }));
  EXPECT_TRUE(verdict.growing);
  EXPECT_GE(verdict.confidence, 95U);
  EXPECT_NEAR(verdict.bytes_per_second, 3e6 / kSeconds, 1);
  EXPECT_FALSE(verdict.exponential);
}

TEST(Growth, WhatMultipliesIsExponential) {
  const GrowthVerdict verdict =
      medium(series_of([](double share) { return 10000 * std::exp(5 * share); }));
  EXPECT_TRUE(verdict.growing);
  EXPECT_TRUE(verdict.exponential);
}

TEST(Growth, ALevelDoesNotGrow) {
  const GrowthVerdict verdict = medium(series_of([](double) { return 5e7; }));
  EXPECT_FALSE(verdict.growing);
  EXPECT_EQ(verdict.confidence, 0U);
}

TEST(Growth, WhatLevelsOffDoesNotGrow) {
  for (const double full : {0.3, 0.5, 0.7}) {
    EXPECT_FALSE(
        medium(series_of([&](double share) { return 1e6 * std::min(share, full); })).growing)
        << full;
  }
}

TEST(Growth, OneStepIsNoGrowth) {
  EXPECT_FALSE(medium(series_of([](double share) { return share < 0.6 ? 1e6 : 2e6; })).growing);
}

TEST(Growth, TheRunsTailDoesNotCount) {
  // Freed at the end: it grew all the same.
  EXPECT_TRUE(
      medium(series_of([](double share) { return share > 0.92 ? 0 : 1e6 * share; })).growing);
  // Rises in the tail alone: it did not.
  EXPECT_FALSE(
      medium(series_of([](double share) { return share > 0.92 ? 1e6 * share : 1e5; })).growing);
}

TEST(Growth, TooFewPointsAreNoGrowth) {
  EXPECT_FALSE(medium(series_of([](double share) { return 3e6 * share; }, 6)).growing);
  EXPECT_FALSE(medium(GrowthSeries{}).growing);
}

TEST(Growth, AShortRunIsForHighSensitivityOnly) {
  GrowthSeries series = series_of([](double share) { return 3e6 * share; });
  for (double& at : series.at) at /= 100;
  series.end /= 100;
  EXPECT_FALSE(judge_growth(series, Sensitivity::medium).growing);
  EXPECT_TRUE(judge_growth(series, Sensitivity::high).growing);
}

TEST(Growth, NoiseAloneIsNoGrowth) {
  // None in 1000 means, with 95 % certainty, fewer than 3 in 1000 (rule of three).
  unsigned alarms = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 1e5);
    // Each value remembers the one before: harder than white noise.
    double drift = 0;
    const GrowthSeries series = series_of([&](double) {
      drift = 0.6 * drift + noise(random);
      return 2e6 + drift;
    });
    if (medium(series).growing) ++alarms;
  }
  EXPECT_EQ(alarms, 0U);
}

TEST(Growth, ALineIsFoundInNoise) {
  // What is promised is a recall of 0.95. Of 1000 series, 964 is the least number that a recall of
  // 0.95 or less would reach by chance in fewer than 2.5 of 100 tries: 950 and 1.96 standard
  // deviations of a binomial, sqrt(1000 * 0.95 * 0.05) each. The noise is half again as large as
  // what a line adds from one point to the next, so that nearly
  // every third point falls.
  constexpr unsigned kSeries = 1000, kLeastFound = 964;
  unsigned found = 0;
  for (unsigned seed = 0; seed < kSeries; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 3e4);
    const GrowthSeries series =
        series_of([&](double share) { return 1e6 + 1e6 * share + noise(random); });
    if (medium(series).growing) ++found;
  }
  EXPECT_GE(found, kLeastFound);
}

TEST(Growth, ASamplesErrorIsNotTakenForGrowth) {
  GrowthSeries series = series_of([](double share) { return 4e7 + 2e7 * share; });
  EXPECT_TRUE(medium(series).growing);
  // One sample for 10 MB: the error of the difference is as large as the growth.
  series.variance_per_byte = 1e7;
  EXPECT_FALSE(medium(series).growing);
}

TEST(Growth, LostFreesMakeDoubtful) {
  GrowthSeries series = series_of([](double share) { return 3e6 * share; });
  series.unsure_bytes = 2e6;
  EXPECT_FALSE(medium(series).growing);
}

TEST(Growth, BlocksThatDieLaterAreNotForgotten) {
  // Rising troughs, but only the young live: chance, not a leak.
  GrowthSeries series = series_of([](double share) { return 1e7 + 2e6 * share; });
  const auto with_survivors = [&](const std::function<double(std::size_t)>& survived) {
    series.cohorts.clear();
    for (std::size_t i = 0; i < 12; ++i) {
      series.cohorts.push_back({static_cast<double>(i) * 25,
                                static_cast<double>(i + 1) * 25,
                                {survived(i), survived(i)}});
    }
    series.looks = {225, 250};
  };
  with_survivors([](std::size_t i) { return i < 8 ? 0 : 3e6; });
  EXPECT_FALSE(medium(series).growing);
  with_survivors([](std::size_t) { return 2e6 / 12; });
  const GrowthVerdict verdict = medium(series);
  EXPECT_TRUE(verdict.growing);
  EXPECT_TRUE(verdict.accumulates);
}

TEST(Trend, TheilAndSenIgnoreAnOutlier) {
  const Points points{{0, 1, 2, 3, 4}, {0, 10, 20, 9000, 40}};
  EXPECT_DOUBLE_EQ(theil_sen(points).median, 10);
}

TEST(Trend, KendallsStatisticOfAFallingSeriesIsNegative) {
  // Ten pairs fall; variance of n = 5: 5·4·15/18.
  const Points points{{0, 1, 2, 3, 4}, {5, 4, 3, 2, 1}};
  EXPECT_DOUBLE_EQ(mann_kendall(points), -9 / std::sqrt(5.0 * 4 * 15 / 18));
  EXPECT_DOUBLE_EQ(mann_kendall({{0, 1, 2}, {7, 7, 7}}), 0);
}

TEST(Trend, TheEnvelopeNeverFalls) {
  EXPECT_EQ(lower_envelope({3, 1, 4, 2, 5}), (std::vector<double>{1, 1, 2, 2, 5}));
  EXPECT_DOUBLE_EQ(deepest_fall({3, 1, 4, 2, 5}), 2);
}

model::Process growing_process() {
  model::Process process;
  process.duration = 300;
  process.sites.push_back({.stack = 1, .live_bytes = 3'000'000});
  for (std::uint32_t i = 0; i < 48; ++i) {
    const std::uint64_t bytes = 60'000 * (i + 1);
    process.epochs.push_back({6.25 * (i + 1), bytes, bytes, 0});
    process.site_epochs.push_back({1, i, bytes, 0, 0});
  }
  return process;
}

TEST(ProcessGrowth, TheSiteThatGrowsIsNamed) {
  const ProcessGrowth growth = find_growth(growing_process(), Sensitivity::medium);
  ASSERT_EQ(growth.sites.size(), 1U);
  EXPECT_EQ(growth.sites[0].stack, 1U);
  EXPECT_TRUE(growth.grows());
  EXPECT_NEAR(growth.bytes_per_second, 9600, 1);
  EXPECT_FALSE(growth.recommendation.empty());
  EXPECT_FALSE(growth.time_to_limit.has_value());
}

// 9600 bytes a second on the median, in uneven steps: 95 % of the pairs rise at 9487 to 9690 (as
// Sen's formula gives it, worked out apart from this code). `times` as fast.
model::Process unevenly_growing_process(double times = 1) {
  model::Process process;
  process.duration = 300;
  process.sites.push_back({.stack = 1, .live_bytes = 3'000'000});
  for (std::uint32_t i = 0; i < 48; ++i) {
    const auto bytes = static_cast<std::uint64_t>(
        times * (60'000 * (i + 1) + (i % 2 == 0 ? 0 : 30'000) + 9'000 * (i % 3)));
    process.epochs.push_back({6.25 * (i + 1), bytes, bytes, 0});
    process.site_epochs.push_back({1, i, bytes, 0, 0});
  }
  return process;
}

// What is left below each limit.
model::Process with_limits(model::Process process, std::uint64_t cgroup,
                           std::uint64_t address_space, std::uint64_t data) {
  model::TimelineSample last;
  last.at = 300;
  last.cgroup_usage = 1'000'000;
  last.cgroup_limit = last.cgroup_usage + cgroup;
  last.vms = 100'000'000;
  process.address_space_limit = last.vms + address_space;
  last.data = 50'000'000;
  process.data_limit = last.data + data;
  process.timeline.push_back(last);
  return process;
}

TEST(ProcessGrowth, TheNearestLimitIsDatedWithTheRangeOfTheRate) {
  constexpr std::uint64_t kNear = 96'000'000, kFar = 97'000'000, kFarther = 4'000'000'000;
  const struct {
    const char* limit;
    std::uint64_t cgroup, address_space, data;
  } cases[] = {{"cgroup", kNear, kFar, kFarther},
               {"RLIMIT_AS", kFarther, kNear, kFar},
               {"RLIMIT_DATA", kFar, kFarther, kNear}};
  for (const auto& one : cases) {
    const ProcessGrowth growth = find_growth(
        with_limits(unevenly_growing_process(), one.cgroup, one.address_space, one.data),
        Sensitivity::medium);
    ASSERT_TRUE(growth.time_to_limit.has_value()) << one.limit;
    EXPECT_EQ(growth.time_to_limit->limit, one.limit);
    EXPECT_EQ(growth.time_to_limit->bytes_left, kNear) << one.limit;
    EXPECT_NEAR(growth.time_to_limit->seconds, 10'000, 1) << one.limit;
    EXPECT_NEAR(growth.time_to_limit->range[0], 9907, 1) << one.limit;
    EXPECT_NEAR(growth.time_to_limit->range[1], 10'119, 1) << one.limit;
  }
}

TEST(ProcessGrowth, ALimitThatIsNotThereOrNotKnownIsNotDated) {
  model::Process process = unevenly_growing_process();
  process.timeline.emplace_back();  // nothing could be read
  process.address_space_limit = process.data_limit = 1'000'000;
  EXPECT_FALSE(find_growth(process, Sensitivity::medium).time_to_limit.has_value());
  process.timeline.back().vms = 2'000'000;  // beyond it already, as after prlimit
  const ProcessGrowth growth = find_growth(process, Sensitivity::medium);
  ASSERT_TRUE(growth.time_to_limit.has_value());
  EXPECT_EQ(growth.time_to_limit->bytes_left, 0U);
  EXPECT_EQ(growth.time_to_limit->seconds, 0);
}

TEST(ProcessGrowth, SeverityIsOfTheTimeLeftAndOfTheRate) {
  const auto severity = [](const model::Process& process) {
    return find_growth(process, Sensitivity::medium).severity;
  };
  constexpr std::uint64_t kFar = 1ULL << 40;
  const auto left = [&](std::uint64_t bytes) {
    return with_limits(unevenly_growing_process(), kFar, bytes, kFar);
  };
  EXPECT_EQ(severity(left(30'000'000)), "critical");              // 3125 s
  EXPECT_EQ(severity(left(40'000'000)), "high");                  // 4167 s
  EXPECT_EQ(severity(left(820'000'000)), "high");                 // 85 417 s
  EXPECT_EQ(severity(left(840'000'000)), "medium");               // 87 500 s: a day and more
  EXPECT_EQ(severity(unevenly_growing_process()), "medium");      // 33 MiB an hour
  EXPECT_EQ(severity(unevenly_growing_process(0.28)), "low");     // 9.2 MiB an hour
  EXPECT_EQ(severity(unevenly_growing_process(0.33)), "medium");  // 10.9 MiB an hour
  EXPECT_EQ(severity(unevenly_growing_process(108)), "medium");   // 0.99 MiB a second
  EXPECT_EQ(severity(unevenly_growing_process(112)), "high");     // 1.03 MiB a second
  EXPECT_EQ(severity(unevenly_growing_process(0)), "none");
}

// Survivors of every age, as many as there was growth.
model::Process with_survivors(model::Process process) {
  process.survivor_looks = {36, 42};
  for (model::SiteEpoch& row : process.site_epochs) {
    if (row.epoch % model::kEpochsPerCohort == model::kEpochsPerCohort - 1) {
      row.survived_first = row.epoch < 36 ? 240'000 : 0;
      row.survived_second = row.epoch < 42 ? 240'000 : 0;
    }
  }
  return process;
}

TEST(ProcessGrowth, ThePatternIsOfHowTheSitesGrowAndSaysWhatToDo) {
  const auto judged = [](const model::Process& process) {
    return find_growth(process, Sensitivity::medium);
  };
  const ProcessGrowth linear = judged(unevenly_growing_process());
  EXPECT_EQ(linear.pattern, GrowthPattern::linear);
  EXPECT_NE(linear.recommendation.find("Bound what the growing sites keep"), std::string::npos);

  const ProcessGrowth leak = judged(with_survivors(unevenly_growing_process()));
  EXPECT_EQ(leak.pattern, GrowthPattern::leak);
  EXPECT_NE(leak.recommendation.find("Look at what the growing sites allocate"), std::string::npos);
  EXPECT_EQ(leak.recommendation.find("leaks view"), std::string::npos);
  model::Process checked = with_survivors(unevenly_growing_process());
  checked.leak_check.method = model::LeakMethod::reachability;
  EXPECT_NE(judged(checked).recommendation.find("leaks view"), std::string::npos);

  model::Process process = unevenly_growing_process();
  for (std::size_t i = 0; i < process.epochs.size(); ++i) {
    const double share = static_cast<double>(i + 1) / 48;
    process.site_epochs[i].least_bytes = static_cast<std::uint64_t>(20'000 * std::exp(5 * share));
    process.epochs[i].least_bytes = process.site_epochs[i].least_bytes;
  }
  const ProcessGrowth exponential = judged(process);
  EXPECT_EQ(exponential.pattern, GrowthPattern::exponential);
  EXPECT_EQ(exponential.severity, "high");
  EXPECT_NE(exponential.recommendation.find("Find what multiplies"), std::string::npos);

  for (const ProcessGrowth* growth : {&linear, &leak, &exponential}) {
    ASSERT_EQ(growth->sites.size(), 1U);
    EXPECT_EQ(growth->sites[0].stack, 1U);
  }

  // Many sites grow, each by too little to be kept: the whole grows and no site is named.
  process = unevenly_growing_process();
  process.site_epochs.clear();
  const ProcessGrowth whole = judged(process);
  EXPECT_EQ(whole.pattern, GrowthPattern::linear);
  EXPECT_TRUE(whole.sites.empty());
  EXPECT_NE(whole.recommendation.find("Many sites grow a little"), std::string::npos);
}

TEST(ProcessGrowth, NothingSeenIsNothingKnown) {
  model::Process process;
  process.duration = 300;
  for (std::uint32_t i = 0; i < 48; ++i) process.epochs.push_back({6.25 * (i + 1), 0, 0, 0});
  const auto confidence = [&process](model::Mode mode, std::uint64_t peak) {
    process.mode = mode;
    process.heap.peak_bytes = peak;
    const ProcessGrowth growth = find_growth(process, Sensitivity::medium);
    EXPECT_EQ(growth.pattern, GrowthPattern::stable);
    return growth.confidence;
  };
  EXPECT_EQ(confidence(model::Mode::exact, 0), 100U);  // there was nothing
  EXPECT_EQ(confidence(model::Mode::sample, 0), 0U);   // nothing was drawn
  EXPECT_EQ(confidence(model::Mode::idle, 0), 0U);     // nobody looked
  EXPECT_EQ(confidence(model::Mode::sample, 524'288), 100U);
}

TEST(ProcessGrowth, RowsThatMakeNoSenseAreLeftOut) {
  model::Process process = growing_process();
  process.site_epochs.push_back({1, 4'000'000'000, ~0ULL, ~0ULL, ~0ULL});
  process.survivor_looks = {~0ULL, 77};
  process.epochs[20].end = -5;  // the history ends there
  EXPECT_NO_FATAL_FAILURE(find_growth(process, Sensitivity::high));
  process.epochs.clear();
  EXPECT_EQ(find_growth(process, Sensitivity::high).confidence, 0U);
}

TEST(GrowthAdvice, NamesTheSiteThatGaveThePatternItsName) {
  const auto site = [](model::StackId stack, double rate, bool accumulates, bool exponential) {
    SiteGrowth growth;
    growth.stack = stack;
    growth.verdict.bytes_per_second = rate;
    growth.verdict.accumulates = accumulates;
    growth.verdict.exponential = exponential;
    return growth;
  };
  const model::Process process;
  ProcessGrowth growth;
  growth.sites = {site(7, 300, false, false), site(5, 200, true, false), site(6, 100, true, true)};
  growth.pattern = GrowthPattern::linear;
  EXPECT_EQ(site_to_look_at(growth, process), 7U);
  EXPECT_EQ(growth_advice(growth, process, "load (a.cpp:3)"),
            "Bound what load (a.cpp:3) and 2 more sites keep: it is replaced by something larger "
            "again and again.");
  growth.pattern = GrowthPattern::leak;
  EXPECT_EQ(site_to_look_at(growth, process), 5U);
  growth.pattern = GrowthPattern::exponential;
  EXPECT_EQ(site_to_look_at(growth, process), 6U);
  EXPECT_EQ(growth_advice(growth, process, "load (a.cpp:3)"),
            "Find what multiplies at load (a.cpp:3) and 2 more sites: each step adds more than the "
            "one before.");

  growth.sites.resize(2);
  growth.pattern = GrowthPattern::leak;
  EXPECT_EQ(growth_advice(growth, process, "load"),
            "Look at what load and 1 more site allocate: blocks of every age are still live, so "
            "they are forgotten, or kept in something that is never trimmed.");
  growth.sites.resize(1);
  model::Process judged;
  judged.leak_check.method = model::LeakMethod::reachability;
  EXPECT_EQ(growth_advice(growth, judged, "load"),
            "Look at what load allocates: blocks of every age are still live. The leaks view says "
            "whether something still leads to them.");

  growth.sites.clear();
  growth.pattern = GrowthPattern::linear;
  EXPECT_EQ(site_to_look_at(growth, process), model::kNone);
  growth.pattern = GrowthPattern::stable;
  EXPECT_EQ(growth_advice(growth, process, "load"), "");
}

TEST(GrowthAdvice, OfASpikeItNamesWhoHeldMostOfThePeak) {
  model::Process process;
  ProcessGrowth growth;
  growth.pattern = GrowthPattern::spike;
  EXPECT_EQ(site_to_look_at(growth, process), model::kNone);
  process.sites = {{.stack = 3, .peak_bytes = 10}, {.stack = 4, .peak_bytes = 30}};
  EXPECT_EQ(site_to_look_at(growth, process), 4U);
  EXPECT_EQ(growth_advice(growth, process, "parse (b.cpp:9)"),
            "Look at parse (b.cpp:9), which held the largest part of the peak; if it is not needed "
            "at once, work in smaller portions.");
}

TEST(ProcessGrowth, ASpikeIsOneShortHighPeak) {
  model::Process process;
  process.duration = 300;
  for (std::uint32_t i = 0; i < 48; ++i) process.epochs.push_back({6.25 * (i + 1), 100'000, 0, 0});
  process.heap.peak_bytes = 50'000'000;
  process.heap.peak_at = 150;
  const ProcessGrowth growth = find_growth(process, Sensitivity::medium);
  EXPECT_EQ(growth.pattern, GrowthPattern::spike);
  EXPECT_EQ(growth.severity, "low");
  EXPECT_NE(growth.recommendation.find("who held the peak"), std::string::npos);
  process.heap.peak_at = 299;  // at its end
  EXPECT_EQ(find_growth(process, Sensitivity::medium).pattern, GrowthPattern::stable);
}

}  // namespace
}  // namespace memwatch::analysis
