#include "collector/daemon/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/base/toml_document.h"
#include "collector/daemon/config_values.h"

namespace memwatch::daemon {
namespace {

namespace toml = toml_document;
using toml::Kind;
using toml::Value;

constexpr std::size_t kMaxNames = 4096;
constexpr std::size_t kMaxNameBytes = 255;

void apply(const ProcessRule& rule, ProcessSettings* settings) {
  settings->mode = rule.mode.value_or(settings->mode);
  settings->sample_interval = rule.sample_interval.value_or(settings->sample_interval);
  settings->large = rule.large.value_or(settings->large);
  settings->on_full = rule.on_full.value_or(settings->on_full);
}

class Parser {
 public:
  explicit Parser(toml::Source source) : values_(std::move(source)) {}

  Result<Config> parse(const Value& root) {
    // First, for a [[process]] changes what it says, wherever in the file that stands.
    for (const toml::Entry& entry : root.table) {
      if (entry.key != "alerts") continue;
      if (const auto table = values_.expect_table(entry); !table) return table.error();
      const auto done = read_alert_settings(values_, entry.value, &config_.alerts);
      if (!done) return done.error();
    }
    for (const toml::Entry& entry : root.table) {
      if (entry.key == "alerts") continue;
      if (const auto done = parse_entry(entry); !done) return done.error();
    }
    return std::move(config_);
  }

 private:
  Result<void> parse_entry(const toml::Entry& entry) {
    if (entry.key == "watch") return parse_watch(entry);
    if (entry.key == "poll_interval") {
      return values_.read_seconds(entry, std::chrono::seconds(1), &config_.poll_interval);
    }
    if (entry.key == "keep_ended") {
      return values_.read_seconds(entry, std::chrono::seconds(0), &config_.keep_ended);
    }
    if (entry.key == "defaults") return parse_defaults(entry);
    if (entry.key == "history") return parse_history(entry);
    if (entry.key == "http") {
      if (const auto table = values_.expect_table(entry); !table) return table;
      return read_http_settings(values_, entry.value, &config_.http);
    }
    if (entry.key == "process") {
      constexpr std::string_view kExpected = "process: expected tables that begin with [[process]]";
      if (entry.value.kind != Kind::array)
        return values_.wrong(entry.value, std::string(kExpected));
      for (const Value& rule : entry.value.array) {
        if (rule.kind != Kind::table) return values_.wrong(rule, std::string(kExpected));
        if (const auto done = parse_rule(rule); !done) return done;
      }
      return {};
    }
    return values_.wrong(entry.value,
                         fmt::format("unknown key '{}': expected watch, poll_interval, keep_ended, "
                                     "[history], [alerts], [http], [defaults] or [[process]]",
                                     entry.key));
  }

  Result<std::string> parse_name(const std::string& key, const Value& value) const {
    if (value.kind != Kind::string) {
      return values_.wrong(value, key + ": " + toml::expected("the name of a program", value));
    }
    const std::string why = why_no_name(value.string);
    if (!why.empty()) return values_.wrong(value, key + ": " + why);
    return value.string;
  }

  Result<void> parse_watch(const toml::Entry& entry) {
    if (entry.value.kind != Kind::array) return values_.wrong_kind(entry, "a list of names");
    if (entry.value.array.size() > kMaxNames) {
      return values_.wrong(entry.value, fmt::format("watch: more than {} names", kMaxNames));
    }
    for (const Value& value : entry.value.array) {
      Result<std::string> name = parse_name("watch", value);
      if (!name) return name.error();
      config_.watch.push_back(*std::move(name));
    }
    return {};
  }

  // One of mode, sample_interval, large, on_full.
  Result<void> parse_setting(const toml::Entry& entry, std::string_view other_keys,
                             ProcessRule* rule) const {
    const std::string& text = entry.value.string;
    const bool is_text = entry.value.kind == Kind::string;
    if (entry.key == "mode") {
      if (is_text && text == "exact") {
        rule->mode = model::Mode::exact;
      } else if (is_text && text == "sample") {
        rule->mode = model::Mode::sample;
      } else if (is_text && text == "idle") {
        rule->mode = model::Mode::idle;
      } else {
        return values_.wrong(entry.value, "mode: expected \"exact\", \"sample\" or \"idle\"");
      }
    } else if (entry.key == "on_full") {
      if (is_text && text == "block") {
        rule->on_full = protocol::OnFull::block;
      } else if (is_text && text == "drop") {
        rule->on_full = protocol::OnFull::drop;
      } else {
        return values_.wrong(entry.value, "on_full: expected \"block\" or \"drop\"");
      }
    } else if (entry.key == "sample_interval" || entry.key == "large") {
      const Result<std::uint64_t> bytes = values_.bytes(entry);
      if (!bytes) return bytes.error();
      (entry.key == "large" ? rule->large : rule->sample_interval) = *bytes;
    } else {
      return values_.wrong(
          entry.value, fmt::format("unknown key '{}': expected {}mode, sample_interval, large or "
                                   "on_full",
                                   entry.key, other_keys));
    }
    return {};
  }

  Result<void> parse_history(const toml::Entry& entry) {
    if (entry.value.kind != Kind::table) return values_.wrong_kind(entry, "a table");
    for (const toml::Entry& setting : entry.value.table) {
      const auto done =
          setting.key == "keep"              ? values_.read_hours(setting, &config_.history_keep)
          : setting.key == "keep_operations" ? values_.read_hours(setting, &config_.keep_operations)
          : setting.key == "consumers_every"
              ? values_.read_seconds(setting, std::chrono::seconds(1), &config_.consumers_every)
          : setting.key == "max_size"
              ? parse_max_size(setting)
              : Result<void>(values_.unknown_key(
                    setting, "keep, keep_operations, consumers_every or max_size"));
      if (!done) return done;
    }
    return {};
  }

  Result<void> parse_max_size(const toml::Entry& entry) {
    constexpr std::uint64_t kLeast = 1U << 20;
    const Result<std::uint64_t> bytes = values_.bytes(entry);
    if (!bytes) return bytes.error();
    if (*bytes < kLeast) return values_.wrong(entry.value, "max_size: expected 1MiB or more");
    config_.history_max_bytes = *bytes;
    return {};
  }

  Result<void> parse_defaults(const toml::Entry& entry) {
    if (entry.value.kind != Kind::table) return values_.wrong_kind(entry, "a table");
    ProcessRule given;
    for (const toml::Entry& setting : entry.value.table) {
      if (const auto done = parse_setting(setting, "", &given); !done) return done;
    }
    apply(given, &config_.defaults);
    return {};
  }

  Result<void> parse_rule(const Value& table) {
    ProcessRule rule;
    for (const toml::Entry& entry : table.table) {
      if (entry.key == "name") {
        Result<std::string> name = parse_name("name", entry.value);
        if (!name) return name.error();
        rule.name = *std::move(name);
      } else if (entry.key == "alerts") {
        if (const auto is_table = values_.expect_table(entry); !is_table) return is_table;
        rule.alerts = config_.alerts.rules;
        const auto done = read_alert_rules(values_, entry.value, &*rule.alerts);
        if (!done) return done;
      } else if (const auto done = parse_setting(entry, "name, alerts, ", &rule); !done) {
        return done;
      }
    }
    if (rule.name.empty()) return values_.wrong(table, "[[process]] has no name");
    config_.rules.push_back(std::move(rule));
    return {};
  }

  ConfigValues values_;
  Config config_;
};

toml::Source source_of(const std::string& path) {
  return {"read the configuration", path};
}

}  // namespace

std::string why_no_name(std::string_view name) {
  if (name.empty()) return "a name cannot be empty";
  if (name.size() > kMaxNameBytes) return "a name has at most 255 bytes";
  if (name.find('/') != std::string_view::npos) {
    return fmt::format("'{}': programs are named without their directory", name);
  }
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != 0x7f;
  });
  return is_plain ? "" : "a name has no control characters";
}

ProcessSettings Config::settings_for(const ProgramNames& program) const {
  ProcessSettings settings = defaults;
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const ProcessRule& candidate) {
    return program.match(candidate.name);
  });
  if (rule != rules.end()) apply(*rule, &settings);
  return settings;
}

alerts::Rules Config::alert_rules_for(const ProgramNames& program) const {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const ProcessRule& candidate) {
    return program.match(candidate.name);
  });
  return rule != rules.end() && rule->alerts ? *rule->alerts : alerts.rules;
}

Result<Config> parse_config(const std::string& path, std::string_view text) {
  const toml::Source source = source_of(path);
  const Result<Value> document = toml::parse(source, text);
  if (!document) return document.error();
  return Parser(source).parse(*document);
}

Result<Config> read_config(const std::string& path) {
  const toml::Source source = source_of(path);
  const Result<Value> document = toml::read(source);
  if (!document) return document.error();
  return Parser(source).parse(*document);
}

}  // namespace memwatch::daemon
