// What can hold of a process, or of the memory it shares with others, at one moment: each condition
// as a figure with the level from which it holds and the lower one below which it has ended, so
// that a figure that trembles around a level is one alert and not many. Pure but for the minute
// before, which the caller keeps for each process.
#pragma once

#include <string>
#include <vector>

#include "collector/alerts/alert.h"
#include "collector/alerts/observation.h"
#include "collector/alerts/recent_values.h"
#include "collector/alerts/rules.h"

namespace memwatch::alerts {

struct Reading {
  std::string subject;  // "rss", "growth", "spike" …
  Type type = Type::threshold;
  double value = 0, raise_at = 0, clear_at = 0;
  double hold = 0;   // seconds that it holds before it is told
  double calm = 10;  // seconds that it is below clear_at before it has ended
  Severity severity = Severity::warning;
  std::vector<std::pair<std::string, double>> metrics;
  std::vector<std::pair<std::string, std::string>> labels;

  [[nodiscard]] bool holds() const { return value >= raise_at; }
  [[nodiscard]] bool has_ended() const { return value < clear_at; }
};

// What of a process's recent past the conditions look at.
struct Past {
  RecentValues values;  // of the heap where it is followed, else of resident memory
  double slope = 0;     // per second; of the last point
  bool has_slope = false;
  // Of a spike that goes on: since when, what was before, and the most since.
  double spike_since = -1, spike_before = 0, spike_most = 0;
  // When growth was last certain enough to be told, what there was then, and bytes per second.
  double growth_at = -1, growth_value = 0, growth_rate = 0;
};

std::vector<Reading> read_process(const Observation& seen, const Rules& rules, Past& past,
                                  double now);
std::vector<Reading> read_pressure(const PressureObservation& seen, const Rules& rules);

}  // namespace memwatch::alerts
