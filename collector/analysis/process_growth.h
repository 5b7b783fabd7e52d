// Growth in a recorded process: which of its sites grow, the pattern of the whole, and when the
// next limit would be reached. A site's verdict is judge_growth() of its history; the process grows
// if some site does, or its heap as a whole (many small sites).
//
//   leak         mostly from sites whose blocks of all ages live on
//   exponential  faster and faster
//   linear       steadily otherwise: a buffer that gets larger, or many sites together
//   spike        once or twice more than three times what is usual, and gone again
//   stable       none of these; confidence 0: nothing is known (too short a run, or a sample in
//   which
//                nothing was drawn)
//
// Thread safety: pure functions. Errors: none. Units: bytes, seconds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/analysis/growth.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

enum class GrowthPattern : std::uint8_t { stable, linear, exponential, spike, leak };
std::string_view growth_pattern_name(GrowthPattern pattern);

struct SiteGrowth {
  model::StackId stack = model::kNone;
  GrowthVerdict verdict;
};

// The nearest of the limits that the process is under.
struct TimeToLimit {
  std::string_view limit;  // "cgroup", "RLIMIT_AS", "RLIMIT_DATA"
  std::uint64_t bytes_left = 0;
  double seconds = 0;
  std::array<double, 2> range{};  // 95 %, of the rate alone; the second may be infinite
};

struct ProcessGrowth {
  GrowthPattern pattern = GrowthPattern::stable;
  unsigned confidence = 0;  // in the pattern, 0 to 100
  double bytes_per_second = 0;
  std::array<double, 2> rate_range{};
  double duration = 0;
  std::string_view severity = "none";  // none, low, medium, high, critical
  std::string recommendation;          // growth_advice() without a name of a site
  std::optional<TimeToLimit> time_to_limit;
  std::vector<SiteGrowth> sites;                                // that grow, fastest first
  std::unordered_map<model::StackId, unsigned> doubtful_sites;  // confidence below the bar

  [[nodiscard]] bool grows() const {
    return pattern != GrowthPattern::stable && pattern != GrowthPattern::spike;
  }
};

ProcessGrowth find_growth(const model::Process& process, Sensitivity sensitivity);

// The histories that it judges.
GrowthSeries heap_series(const model::Process& process);
std::vector<std::pair<model::StackId, GrowthSeries>> site_series(const model::Process& process);

}  // namespace memwatch::analysis
