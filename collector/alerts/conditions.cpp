#include "collector/alerts/conditions.h"

#include <algorithm>

namespace memwatch::alerts {

namespace {

// A threshold has ended a tenth below itself; half as much again is critical.
constexpr double kClear = 0.9, kCritical = 1.5;
// A spike that lasts longer is a step: what thresholds are for.
constexpr double kLongestSpike = 60;
constexpr double kMinute = 60, kDay = 24 * 3600.0;

double external_of(const Observation& seen) {
  const auto rss = static_cast<double>(seen.rss);
  return std::max(0.0, rss - static_cast<double>(seen.heap.value_or(seen.rss)));
}

double ratio_of(const Observation& seen) {
  return seen.rss == 0 ? 0 : external_of(seen) / static_cast<double>(seen.rss);
}

std::vector<std::pair<std::string, double>> figures_of(const Observation& seen, const Past& past) {
  std::vector<std::pair<std::string, double>> figures;
  figures.emplace_back("rss", static_cast<double>(seen.rss));
  if (seen.heap) {
    figures.emplace_back("heap", static_cast<double>(*seen.heap));
    figures.emplace_back("external", external_of(seen));
    figures.emplace_back("external_ratio", ratio_of(seen));
  }
  if (past.has_slope) figures.emplace_back("growth_per_minute", past.slope * kMinute);
  return figures;
}

class ProcessReader {
 public:
  ProcessReader(const Observation& seen, const Rules& rules, Past& past, double now)
      : seen_(seen), rules_(rules), past_(past), now_(now) {}

  std::vector<Reading> read() {
    const double value = static_cast<double>(seen_.heap.value_or(seen_.rss));
    // Before this moment's point joins the others.
    read_spike(value);
    if (past_.values.add(now_, value) && rules_.growth_per_minute) {
      const auto slope = past_.values.slope();
      past_.has_slope = slope.has_value();
      past_.slope = slope.value_or(0);
    }
    read_thresholds();
    read_growth(value);
    return std::move(readings_);
  }

 private:
  Reading& add(const char* subject, Type type) {
    Reading& reading = readings_.emplace_back();
    reading.subject = subject;
    reading.type = type;
    reading.metrics = figures_of(seen_, past_);
    return reading;
  }

  void add_threshold(const char* subject, double value, double threshold) {
    Reading& reading = add(subject, Type::threshold);
    reading.value = value;
    reading.raise_at = threshold;
    reading.clear_at = threshold * kClear;
    reading.hold = rules_.hold;
    if (value >= threshold * kCritical) reading.severity = Severity::critical;
    reading.metrics.emplace_back("value", value);
    reading.metrics.emplace_back("threshold", threshold);
    reading.labels.emplace_back("of", subject);
    if (seen_.heap_is_partial) reading.labels.emplace_back("heap", "partial");
  }

  void read_thresholds() {
    if (!rules_.wants(Type::threshold)) return;
    const auto bytes = [](std::uint64_t value) { return static_cast<double>(value); };
    if (rules_.rss) add_threshold("rss", bytes(seen_.rss), bytes(*rules_.rss));
    if (rules_.growth_per_minute && past_.has_slope) {
      add_threshold("growth_per_minute", past_.slope * kMinute, bytes(*rules_.growth_per_minute));
    }
    if (!seen_.heap) return;  // the rest needs the traced heap
    if (rules_.heap) add_threshold("heap", bytes(*seen_.heap), bytes(*rules_.heap));
    if (rules_.external) add_threshold("external", external_of(seen_), bytes(*rules_.external));
    if (rules_.external_ratio) {
      add_threshold("external_ratio", ratio_of(seen_), *rules_.external_ratio);
      // A share never gets half as large again; nearly all of it is as bad.
      if (ratio_of(seen_) < 0.98) readings_.back().severity = Severity::warning;
    }
  }

  // Far more than in the minute before, at once. Ends when half of it is gone, or when it has
  // stayed for so long that it is no spike.
  void read_spike(double value) {
    if (!rules_.wants(Type::spike)) return;
    if (past_.spike_since < 0) {
      const auto before = past_.values.most_before(now_);
      if (!before || value < *before * rules_.spike_times ||
          value - *before < static_cast<double>(rules_.spike_least)) {
        return;
      }
      past_.spike_since = now_;
      past_.spike_before = *before;
      past_.spike_most = value;
    }
    past_.spike_most = std::max(past_.spike_most, value);
    const double half = (past_.spike_before + past_.spike_most) / 2;
    const bool is_over = value < half || now_ - past_.spike_since > kLongestSpike;
    Reading& reading = add("spike", Type::spike);
    reading.value = is_over ? 0 : 1;
    reading.raise_at = reading.clear_at = 1;
    reading.calm = 0;
    reading.metrics.emplace_back("before", past_.spike_before);
    reading.metrics.emplace_back("most", past_.spike_most);
    reading.labels.emplace_back("of", seen_.heap ? "heap" : "rss");
    reading.labels.emplace_back("end", value < half ? "it is gone again" : "it has stayed");
    if (is_over) past_.spike_since = -1;
  }

  // Of few samples the confidence comes and goes; what has been told is not over while the memory
  // itself grows on, at half the pace at least.
  [[nodiscard]] bool grows_on(double value) const {
    constexpr double kPace = 0.5;
    return past_.growth_at >= 0 && past_.growth_rate > 0 &&
           value - past_.growth_value >= kPace * past_.growth_rate * (now_ - past_.growth_at);
  }

  void read_growth(double value) {
    if (!seen_.growth || seen_.watched_for < rules_.growth_after) return;
    const Growth& growth = *seen_.growth;
    const bool leaks = growth.pattern == "leak";
    const bool grows = leaks || growth.pattern == "linear" || growth.pattern == "exponential";
    const Type type = leaks ? Type::leak : Type::pattern;
    Reading& reading = add("growth", type);
    // Without a site there is nothing to look at, and a program that builds up its data looks just
    // like that.
    if (grows && growth.sites > 0 && rules_.wants(type)) reading.value = growth.confidence;
    reading.raise_at = rules_.confidence;
    reading.clear_at = rules_.confidence - 20;
    if (reading.holds()) {
      past_.growth_at = now_;
      past_.growth_value = value;
      past_.growth_rate = growth.bytes_per_second;
    } else if (reading.has_ended() && rules_.wants(type) && grows_on(value)) {
      reading.value = reading.clear_at;
    }
    reading.calm = 45;  // several judgements
    reading.severity = growth.severity == "critical" ? Severity::critical
                       : growth.severity == "low"    ? Severity::info
                                                     : Severity::warning;
    reading.metrics.emplace_back("bytes_per_second", growth.bytes_per_second);
    reading.metrics.emplace_back("confidence", growth.confidence);
    reading.metrics.emplace_back("duration", growth.duration);
    reading.metrics.emplace_back("sites", static_cast<double>(growth.sites));
    reading.labels.emplace_back("pattern", growth.pattern);
    if (!growth.advice.empty()) reading.labels.emplace_back("advice", growth.advice);
    if (!growth.limit.empty() && growth.seconds_to_limit[0] < 1000 * kDay) {
      reading.labels.emplace_back("limit", growth.limit);
      reading.metrics.emplace_back("seconds_to_limit", growth.seconds_to_limit[0]);
    }
  }

  const Observation& seen_;
  const Rules& rules_;
  Past& past_;
  double now_;
  std::vector<Reading> readings_;
};

}  // namespace

std::vector<Reading> read_process(const Observation& seen, const Rules& rules, Past& past,
                                  double now) {
  return ProcessReader(seen, rules, past, now).read();
}

std::vector<Reading> read_pressure(const PressureObservation& seen, const Rules& rules) {
  std::vector<Reading> readings;
  if (!rules.wants(Type::pressure)) return readings;
  if (seen.limit != 0) {
    constexpr double kHigh = 0.95, kGap = 0.05;
    Reading& reading = readings.emplace_back();
    reading.subject = "limit " + seen.subject;
    reading.type = Type::pressure;
    reading.value = static_cast<double>(seen.used) / static_cast<double>(seen.limit);
    reading.raise_at = rules.pressure;
    reading.clear_at = rules.pressure - kGap;
    if (reading.value >= kHigh) reading.severity = Severity::critical;
    reading.metrics = {{"used", static_cast<double>(seen.used)},
                       {"limit", static_cast<double>(seen.limit)},
                       {"share", reading.value}};
    reading.labels = {{"limit", "cgroup"}, {"cgroup", seen.subject}};
  }
  if (seen.stall) {
    Reading& reading = readings.emplace_back();
    reading.subject = "stall " + seen.subject;
    reading.type = Type::pressure;
    reading.value = *seen.stall;
    reading.raise_at = rules.stall;
    reading.clear_at = rules.stall / 2;
    if (*seen.stall >= 2 * rules.stall) reading.severity = Severity::critical;
    reading.metrics = {{"stall_percent", *seen.stall}, {"threshold", rules.stall}};
    reading.labels = {{"limit", "stall"}};
  }
  return readings;
}

}  // namespace memwatch::alerts
