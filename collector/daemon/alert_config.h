// [alerts] of memwatch.toml, and the `alerts` of a [[process]]: what is alerted of, how often, and
// who is told. Plain data and its reader; docs/watching.md describes the keys. Thread safety: pure
// functions. Errors: kind damaged with FILE:LINE as subject.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/alerts/rules.h"
#include "collector/base/result.h"
#include "collector/base/toml_document.h"
#include "collector/daemon/config_values.h"

namespace memwatch::daemon {

// Where alerts are posted. Headers may hold secrets: they are never printed.
struct HttpTarget {
  std::string url;
  std::map<std::string, std::string> headers;
  std::chrono::seconds timeout{10};
  std::string ca;  // path, absolute: the certificates that are trusted; "" the system's

  bool operator==(const HttpTarget&) const = default;
};

struct AlertmanagerTarget {
  HttpTarget http;                            // url without /api/v2/alerts
  std::map<std::string, std::string> labels;  // added to each alert
  std::chrono::seconds resend{60};

  bool operator==(const AlertmanagerTarget&) const = default;
};

struct AlertCommand {
  std::vector<std::string> argv;
  std::chrono::seconds timeout{10};

  bool operator==(const AlertCommand&) const = default;
};

// What is heard of alerts. Volumes from 0 (silent) to 1.
struct SoundSettings {
  static constexpr double kVolume = 0.5, kFailureVolume = 0.7;

  std::array<double, alerts::kTypeCount> volume{kVolume, kVolume,        kVolume, kVolume,
                                                kVolume, kFailureVolume, kVolume};
  std::array<std::string, alerts::kTypeCount> file;  // absolute path of a WAV file; "": bundled

  [[nodiscard]] double volume_of(alerts::Type type) const {
    return volume[static_cast<std::size_t>(type)];
  }
  [[nodiscard]] const std::string& file_of(alerts::Type type) const {
    return file[static_cast<std::size_t>(type)];
  }
  bool operator==(const SoundSettings&) const = default;
};

struct AlertChannels {
  bool console = true;
  std::string jsonl;  // path, absolute; "" none
  std::optional<HttpTarget> webhook;
  std::optional<AlertmanagerTarget> alertmanager;
  std::optional<AlertCommand> command;
  std::optional<SoundSettings> sound;

  bool operator==(const AlertChannels&) const = default;
};

struct AlertSettings {
  alerts::Rules rules;  // of every process that no [[process]] says otherwise of
  std::size_t per_hour = 10;
  std::chrono::hours keep{30 * 24};
  AlertChannels channels;
};

Result<void> read_alert_settings(const ConfigValues& values, const toml_document::Value& table,
                                 AlertSettings* settings);

// The rules of one [[process]]: what it leaves out stays as it is in `rules`.
Result<void> read_alert_rules(const ConfigValues& values, const toml_document::Value& table,
                              alerts::Rules* rules);

}  // namespace memwatch::daemon
