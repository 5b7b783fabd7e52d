#include "collector/daemon/alert_config.h"

#include <fmt/format.h>

#include <algorithm>

namespace memwatch::daemon {

namespace {

using toml_document::Entry;
using toml_document::Kind;
using toml_document::Value;

constexpr std::string_view kRuleKeys =
    "heap, rss, external, external_ratio, growth_per_minute, hold, pressure, stall, spike_times, "
    "spike_least, confidence, growth_after, large_events, enabled or cooldown";
constexpr std::string_view kTypes = "threshold, pattern, leak, spike, large, failure or pressure";

double seconds_of(std::chrono::seconds duration) {
  return static_cast<double>(duration.count());
}

class RulesReader {
 public:
  RulesReader(const ConfigValues& values, alerts::Rules* rules) : values_(values), rules_(*rules) {}

  // False: the key is none of a rule's.
  Result<bool> read(const Entry& entry) {
    if (entry.key == "heap") return size(entry, &rules_.heap);
    if (entry.key == "rss") return size(entry, &rules_.rss);
    if (entry.key == "external") return size(entry, &rules_.external);
    if (entry.key == "growth_per_minute") return size(entry, &rules_.growth_per_minute);
    if (entry.key == "spike_least") {
      std::optional<std::uint64_t> least;
      const Result<bool> done = size(entry, &least);
      rules_.spike_least = least.value_or(rules_.spike_least);
      return done;
    }
    if (entry.key == "external_ratio") {
      double ratio = 0;
      const Result<bool> done = number(entry, 0.01, 1, &ratio);
      if (done) rules_.external_ratio = ratio;
      return done;
    }
    if (entry.key == "pressure") return number(entry, 0.1, 1, &rules_.pressure);
    if (entry.key == "stall") return number(entry, 1, 100, &rules_.stall);
    if (entry.key == "spike_times") return number(entry, 1.1, 1000, &rules_.spike_times);
    if (entry.key == "confidence") return number(entry, 50, 100, &rules_.confidence);
    if (entry.key == "hold") return duration(entry, &rules_.hold);
    if (entry.key == "growth_after") return duration(entry, &rules_.growth_after);
    if (entry.key == "large_events") return large_events(entry);
    if (entry.key == "enabled") {
      return by_type(entry, [this](const Entry& of, alerts::Type type) {
        return values_.read_boolean(of, &rules_.enabled[static_cast<std::size_t>(type)]);
      });
    }
    if (entry.key == "cooldown") {
      return by_type(entry, [this](const Entry& of, alerts::Type type) -> Result<void> {
        const Result<bool> done = duration(of, &rules_.cooldown[static_cast<std::size_t>(type)]);
        if (!done) return done.error();
        return {};
      });
    }
    return false;
  }

 private:
  Result<bool> large_events(const Entry& entry) const {
    constexpr std::string_view kExpected =
        "a list of \"allocation\", \"reallocation\" and \"release\"";
    if (entry.value.kind != Kind::array) return values_.wrong_kind(entry, kExpected);
    rules_.large_allocation = rules_.large_reallocation = rules_.large_release = false;
    for (const Value& event : entry.value.array) {
      const bool is_text = event.kind == Kind::string;
      if (is_text && event.string == "allocation") {
        rules_.large_allocation = true;
      } else if (is_text && event.string == "reallocation") {
        rules_.large_reallocation = true;
      } else if (is_text && event.string == "release") {
        rules_.large_release = true;
      } else {
        return values_.wrong(event, "large_events: expected " + std::string(kExpected));
      }
    }
    return true;
  }
  Result<bool> size(const Entry& entry, std::optional<std::uint64_t>* target) const {
    const Result<std::uint64_t> bytes = values_.bytes(entry);
    if (!bytes) return bytes.error();
    *target = *bytes;
    return true;
  }
  Result<bool> number(const Entry& entry, double least, double most, double* target) const {
    const Result<double> given = values_.number(entry, least, most);
    if (!given) return given.error();
    *target = *given;
    return true;
  }
  Result<bool> duration(const Entry& entry, double* target) const {
    std::chrono::seconds given{0};
    if (const auto done = values_.read_seconds(entry, std::chrono::seconds(0), &given); !done) {
      return done.error();
    }
    *target = seconds_of(given);
    return true;
  }
  template <typename Read>
  Result<bool> by_type(const Entry& entry, const Read& read) const {
    if (const auto table = values_.expect_table(entry); !table) return table.error();
    for (const Entry& of : entry.value.table) {
      const std::optional<alerts::Type> type = alerts::type_named(of.key);
      if (!type) return values_.unknown_key(of, kTypes);
      if (const Result<void> done = read(of, *type); !done) return done.error();
    }
    return true;
  }

  const ConfigValues& values_;
  alerts::Rules& rules_;
};

// Only these schemes, and nothing that would be read as a second line of a request.
std::string why_no_url(const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return "expected a URL that begins with http:// or https://";
  }
  const bool is_clean = std::all_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
  });
  return is_clean ? "" : "a URL has neither blanks nor control characters";
}

Result<void> read_url(const ConfigValues& values, const Entry& entry, std::string* target) {
  const Result<std::string> url = values.text(entry, "a URL as a string");
  if (!url) return url.error();
  const std::string why = why_no_url(*url);
  if (!why.empty()) return values.wrong(entry.value, entry.key + ": " + why);
  *target = *url;
  return {};
}

Result<void> read_words(const ConfigValues& values, const Entry& entry, std::string_view what,
                        std::map<std::string, std::string>* target) {
  if (const auto table = values.expect_table(entry); !table) return table;
  for (const Entry& word : entry.value.table) {
    if (word.value.kind != Kind::string) return values.wrong_kind(word, what);
    const auto has_control = [](const std::string& text) {
      return std::any_of(text.begin(), text.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    };
    if (word.key.empty() || has_control(word.key) || has_control(word.value.string) ||
        word.key.find(':') != std::string::npos) {
      return values.wrong(
          word.value,
          fmt::format("{}: neither names nor values have control characters", entry.key));
    }
    (*target)[word.key] = word.value.string;
  }
  return {};
}

// It is read when something is sent: a file that is missing is told then, and tried again.
Result<void> read_ca(const ConfigValues& values, const Entry& entry, std::string* ca) {
  const Result<std::string> path = values.text(entry, "a path");
  if (!path) return path.error();
  if (!path->starts_with('/') || path->find('\n') != std::string::npos) {
    return values.wrong(entry.value, "ca: expected an absolute path, of a file in PEM");
  }
  *ca = *path;
  return {};
}

// url, headers, timeout, ca; unknown keys are the caller's.
Result<bool> read_http(const ConfigValues& values, const Entry& entry, HttpTarget* http) {
  Result<void> done;
  if (entry.key == "url") {
    done = read_url(values, entry, &http->url);
  } else if (entry.key == "headers") {
    done = read_words(values, entry, "a header's value as a string", &http->headers);
  } else if (entry.key == "timeout") {
    done = values.read_seconds(entry, std::chrono::seconds(1), &http->timeout);
  } else if (entry.key == "ca") {
    done = read_ca(values, entry, &http->ca);
  } else {
    return false;
  }
  if (!done) return done.error();
  return true;
}

Result<void> read_webhook(const ConfigValues& values, const Entry& entry, AlertChannels* channels) {
  if (const auto table = values.expect_table(entry); !table) return table;
  HttpTarget http;
  for (const Entry& setting : entry.value.table) {
    const Result<bool> known = read_http(values, setting, &http);
    if (!known) return known.error();
    if (!*known) return values.unknown_key(setting, "url, headers, timeout or ca");
  }
  if (http.url.empty()) return values.wrong(entry.value, "[alerts.webhook] has no url");
  channels->webhook = std::move(http);
  return {};
}

Result<void> read_alertmanager(const ConfigValues& values, const Entry& entry,
                               AlertChannels* channels) {
  if (const auto table = values.expect_table(entry); !table) return table;
  AlertmanagerTarget target;
  for (const Entry& setting : entry.value.table) {
    const Result<bool> known = read_http(values, setting, &target.http);
    if (!known) return known.error();
    if (*known) continue;
    if (setting.key != "labels" && setting.key != "resend") {
      return values.unknown_key(setting, "url, headers, timeout, ca, labels or resend");
    }
    const Result<void> done =
        setting.key == "labels"
            ? read_words(values, setting, "a label's value as a string", &target.labels)
            : values.read_seconds(setting, std::chrono::seconds(1), &target.resend);
    if (!done) return done;
  }
  if (target.http.url.empty()) return values.wrong(entry.value, "[alerts.alertmanager] has no url");
  while (target.http.url.ends_with('/')) target.http.url.pop_back();
  channels->alertmanager = std::move(target);
  return {};
}

Result<void> read_command(const ConfigValues& values, const Entry& entry, AlertChannels* channels) {
  if (const auto table = values.expect_table(entry); !table) return table;
  AlertCommand command;
  for (const Entry& setting : entry.value.table) {
    if (setting.key == "timeout") {
      if (const auto done = values.read_seconds(setting, std::chrono::seconds(1), &command.timeout);
          !done) {
        return done;
      }
    } else if (setting.key == "run") {
      constexpr std::string_view kExpected = "a list of words, the program first";
      if (setting.value.kind != Kind::array) return values.wrong_kind(setting, kExpected);
      for (const Value& word : setting.value.array) {
        if (word.kind != Kind::string || word.string.find('\0') != std::string::npos) {
          return values.wrong(word, "run: " + toml_document::expected(kExpected, word));
        }
        command.argv.push_back(word.string);
      }
    } else {
      return values.unknown_key(setting, "run or timeout");
    }
  }
  if (command.argv.empty() || !command.argv.front().starts_with('/')) {
    return values.wrong(entry.value,
                        "[alerts.command] needs run = [\"/path/to/program\", \"argument\", …]");
  }
  channels->command = std::move(command);
  return {};
}

// One type's volume, file, or both.
Result<void> read_one_sound(const ConfigValues& values, const Entry& entry, alerts::Type type,
                            SoundSettings* sound) {
  const auto index = static_cast<std::size_t>(type);
  if (const auto table = values.expect_table(entry); !table) return table;
  for (const Entry& setting : entry.value.table) {
    if (setting.key == "volume") {
      const Result<double> volume = values.number(setting, 0, 1);
      if (!volume) return volume.error();
      sound->volume[index] = *volume;
    } else if (setting.key == "file") {
      const Result<std::string> path = values.text(setting, "the path of a WAV file");
      if (!path) return path.error();
      if (!path->starts_with('/')) {
        return values.wrong(setting.value, "file: expected an absolute path");
      }
      sound->file[index] = *path;
    } else {
      return values.unknown_key(setting, "volume or file");
    }
  }
  return {};
}

Result<void> read_sound(const ConfigValues& values, const Entry& entry, AlertChannels* channels) {
  if (const auto table = values.expect_table(entry); !table) return table;
  SoundSettings sound;
  bool is_enabled = true;
  for (const Entry& setting : entry.value.table) {
    const std::optional<alerts::Type> type = alerts::type_named(setting.key);
    Result<void> done;
    if (setting.key == "enabled") {
      done = values.read_boolean(setting, &is_enabled);
    } else if (type) {
      done = read_one_sound(values, setting, *type, &sound);
    } else {
      done = values.unknown_key(setting, fmt::format("enabled, {}", kTypes));
    }
    if (!done) return done;
  }
  if (is_enabled) channels->sound = std::move(sound);
  return {};
}

Result<void> read_jsonl(const ConfigValues& values, const Entry& entry, AlertChannels* channels) {
  const Result<std::string> path = values.text(entry, "the path of a file");
  if (!path) return path.error();
  if (!path->starts_with('/')) {
    return values.wrong(entry.value, "jsonl: expected an absolute path");
  }
  channels->jsonl = *path;
  return {};
}

}  // namespace

Result<void> read_alert_rules(const ConfigValues& values, const Value& table,
                              alerts::Rules* rules) {
  RulesReader reader(values, rules);
  for (const Entry& entry : table.table) {
    const Result<bool> known = reader.read(entry);
    if (!known) return known.error();
    if (!*known) return values.unknown_key(entry, kRuleKeys);
  }
  return {};
}

Result<void> read_alert_settings(const ConfigValues& values, const Value& table,
                                 AlertSettings* settings) {
  RulesReader reader(values, &settings->rules);
  for (const Entry& entry : table.table) {
    Result<void> done;
    if (entry.key == "per_hour") {
      const Result<double> most = values.number(entry, 1, 10'000);
      if (!most) return most.error();
      settings->per_hour = static_cast<std::size_t>(*most);
    } else if (entry.key == "keep") {
      done = values.read_hours(entry, &settings->keep);
    } else if (entry.key == "console") {
      done = values.read_boolean(entry, &settings->channels.console);
    } else if (entry.key == "jsonl") {
      done = read_jsonl(values, entry, &settings->channels);
    } else if (entry.key == "webhook") {
      done = read_webhook(values, entry, &settings->channels);
    } else if (entry.key == "alertmanager") {
      done = read_alertmanager(values, entry, &settings->channels);
    } else if (entry.key == "command") {
      done = read_command(values, entry, &settings->channels);
    } else if (entry.key == "sound") {
      done = read_sound(values, entry, &settings->channels);
    } else {
      const Result<bool> known = reader.read(entry);
      if (!known) return known.error();
      if (!*known) {
        return values.unknown_key(
            entry,
            fmt::format("per_hour, keep, console, jsonl, webhook, alertmanager, command, sound, {}",
                        kRuleKeys));
      }
    }
    if (!done) return done;
  }
  return {};
}

}  // namespace memwatch::daemon
