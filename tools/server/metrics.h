// What the daemon knows as metrics for Prometheus. docs/monitoring/README.md lists them.
//
// Families are made anew for each scrape (prometheus::Collectable), since prometheus-cpp's own keep
// every label they ever saw. Labels are bounded: pid, exe, of libraries at most kTopModules and
// "other", of sites as collector/daemon/shown_sites.h says and "other". An ended process keeps its
// counters for kKeepEnded, so that the last of them are scraped, and has no gauges any more. Names
// without the prefix memwatch_ are the daemon's own. Thread safety: pure but for what it reads of
// this process.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "collector/daemon/measures.h"
#include "collector/daemon/status.h"
#include "collector/procfs/pressure.h"

namespace memwatch::server {

inline constexpr std::size_t kTopModules = 10;
inline constexpr std::chrono::minutes kKeepEnded{5};
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

struct MetricFacts {
  daemon::Status status;
  std::vector<daemon::ProcessMeasures> measures;  // of running recorded processes
  std::optional<procfs::Pressure> machine_pressure;
};

// The text exposition format, version 0.0.4.
std::string metrics_text(const MetricFacts& facts);

}  // namespace memwatch::server
