// memwatch.toml: which programs the daemon watches and how each of them is recorded. Plain data and
// its reader; docs/watching.md describes the file. Thread safety: pure functions. Errors: kind
// damaged with FILE:LINE as subject, not_found where the file is not there.
//
//   watch = ["server", "worker-*"]     # empty or absent: every process that carries the library
//   poll_interval = "30s"              # between looks for watched programs without the library
//   keep_ended = "5m"                  # a process is shown for this long after its end
//   [history]                          # keep, max_size
//   [alerts]                           # see alert_config.h
//   [http]                             # see http_config.h
//   [defaults]                         # mode, sample_interval, large, on_full
//   mode = "sample"
//   [[process]]                        # the first one that fits a program counts
//   name = "server"
//   mode = "exact"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/alerts/rules.h"
#include "collector/base/result.h"
#include "collector/daemon/alert_config.h"
#include "collector/daemon/http_config.h"
#include "collector/daemon/program_names.h"
#include "collector/model/session.h"
#include "shared/segment_layout.h"

namespace memwatch::daemon {

struct ProcessSettings {
  model::Mode mode = model::Mode::sample;
  std::uint64_t sample_interval = 512U << 10;         // mean bytes between samples
  std::uint64_t large = 1ULL << 30;                   // allocations from this size on are events
  protocol::OnFull on_full = protocol::OnFull::drop;  // a service does not wait for its observer

  bool operator==(const ProcessSettings&) const = default;
};

// What a [[process]] sets; what it leaves out is as in [defaults].
struct ProcessRule {
  std::string name;  // a program's name, with * for any characters
  std::optional<model::Mode> mode;
  std::optional<std::uint64_t> sample_interval, large;
  std::optional<protocol::OnFull> on_full;
  std::optional<alerts::Rules> alerts;  // all of them, where it has any of its own
};

struct Config {
  std::vector<std::string> watch;
  std::chrono::seconds poll_interval{30};
  std::chrono::seconds keep_ended{300};
  std::chrono::hours history_keep{7 * 24};
  std::chrono::hours keep_operations{24};
  std::chrono::seconds consumers_every{60};  // between two looks at who uses a heap
  std::uint64_t history_max_bytes = 256U << 20;
  AlertSettings alerts;
  HttpSettings http;
  ProcessSettings defaults;
  std::vector<ProcessRule> rules;

  [[nodiscard]] ProcessSettings settings_for(const ProgramNames& program) const;
  [[nodiscard]] alerts::Rules alert_rules_for(const ProgramNames& program) const;
};

Result<Config> read_config(const std::string& path);
Result<Config> parse_config(const std::string& path, std::string_view text);

// Empty: a name that can be watched. Else what is wrong with it.
std::string why_no_name(std::string_view name);

}  // namespace memwatch::daemon
