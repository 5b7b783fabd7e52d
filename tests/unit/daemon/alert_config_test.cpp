// [alerts] of memwatch.toml: what it sets, and what is wrong with it where.
#include "collector/daemon/alert_config.h"

#include <gtest/gtest.h>

#include "collector/daemon/config.h"

namespace memwatch::daemon {
namespace {

using alerts::Type;

Config good(std::string_view text) {
  const Result<Config> config = parse_config("memwatch.toml", text);
  EXPECT_TRUE(config) << config.error().to_line();
  return config ? *config : Config{};
}

TEST(AlertConfig, WithoutItEventsAreToldOnTheConsole) {
  const AlertSettings settings = good("").alerts;
  EXPECT_EQ(settings.per_hour, 10U);
  EXPECT_EQ(settings.keep, std::chrono::hours(30 * 24));
  EXPECT_EQ(settings.channels, AlertChannels{});
  EXPECT_TRUE(settings.channels.console);
  EXPECT_FALSE(settings.rules.rss);
  for (const Type type : alerts::kTypes) EXPECT_TRUE(settings.rules.wants(type));
  EXPECT_EQ(settings.rules.cooldown_of(Type::large), 600);
  EXPECT_EQ(settings.rules.cooldown_of(Type::failure), 300);
  EXPECT_TRUE(settings.rules.wants_large("allocation"));
  EXPECT_TRUE(settings.rules.wants_large("reallocation"));
  EXPECT_FALSE(settings.rules.wants_large("release"));
}

TEST(AlertConfig, EverythingCanBeSet) {
  const Config config = good(R"(
[[process]]
name = "worker"
[process.alerts]
rss = "1GiB"
enabled.spike = true
[[process]]
name = "server"
mode = "exact"
[alerts]
per_hour = 3
keep = "10d"
console = false
jsonl = "/tmp/alerts.jsonl"
heap = "64MiB"
rss = 1048576
external = "32MiB"
external_ratio = 0.5
growth_per_minute = "1MiB"
hold = "0s"
pressure = 0.9
stall = 10
spike_times = 3
spike_least = "1MiB"
confidence = 90
growth_after = "5m"
large_events = ["release"]
[alerts.enabled]
spike = false
[alerts.cooldown]
large = "1m"
[alerts.webhook]
url = "https://example.org/hook"
timeout = "3s"
headers = { Authorization = "Bearer x" }
ca = "/etc/ours.pem"
[alerts.alertmanager]
url = "http://127.0.0.1:9093/"
resend = "2m"
labels = { team = "core" }
[alerts.command]
run = ["/bin/true", "a b"]
timeout = "5s"
)");
  const AlertSettings& settings = config.alerts;
  EXPECT_EQ(settings.per_hour, 3U);
  EXPECT_EQ(settings.keep, std::chrono::hours(240));
  EXPECT_FALSE(settings.channels.console);
  EXPECT_EQ(settings.channels.jsonl, "/tmp/alerts.jsonl");
  EXPECT_EQ(settings.rules.heap, 64U << 20);
  EXPECT_EQ(settings.rules.external_ratio, 0.5);
  EXPECT_EQ(settings.rules.hold, 0);
  EXPECT_EQ(settings.rules.spike_least, 1U << 20);
  EXPECT_EQ(settings.rules.growth_after, 300);
  EXPECT_TRUE(settings.rules.wants_large("release"));
  EXPECT_FALSE(settings.rules.wants_large("allocation"));
  EXPECT_FALSE(settings.rules.wants_large("reallocation"));
  EXPECT_FALSE(settings.rules.wants(Type::spike));
  EXPECT_EQ(settings.rules.cooldown_of(Type::large), 60);
  ASSERT_TRUE(settings.channels.webhook);
  EXPECT_EQ(settings.channels.webhook->headers.at("Authorization"), "Bearer x");
  EXPECT_EQ(settings.channels.webhook->ca, "/etc/ours.pem");
  ASSERT_TRUE(settings.channels.alertmanager);
  EXPECT_EQ(settings.channels.alertmanager->http.url, "http://127.0.0.1:9093");
  EXPECT_EQ(settings.channels.alertmanager->labels.at("team"), "core");
  ASSERT_TRUE(settings.channels.command);
  EXPECT_EQ(settings.channels.command->argv, (std::vector<std::string>{"/bin/true", "a b"}));
  // A process's own rules change those of [alerts], though that comes later in the file.
  const alerts::Rules worker = config.alert_rules_for({"worker", "worker"});
  EXPECT_EQ(worker.rss, 1U << 30);
  EXPECT_EQ(worker.heap, 64U << 20);
  EXPECT_TRUE(worker.wants(Type::spike));
  EXPECT_EQ(config.alert_rules_for({"server", "server"}), settings.rules);
}

TEST(AlertConfig, SoundsHaveVolumesAndFiles) {
  EXPECT_FALSE(good("[alerts]\nsound.enabled = false").alerts.channels.sound);
  const auto usual = good("[alerts.sound]").alerts.channels.sound;
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->volume_of(Type::large), 0.5);
  EXPECT_EQ(usual->volume_of(Type::failure), 0.7);
  for (const Type type : alerts::kTypes) {
    EXPECT_EQ(usual->file_of(type), "");
    EXPECT_EQ(usual->volume_of(type), type == Type::failure ? 0.7 : 0.5);
  }
  const auto own = good("[alerts.sound]\nenabled = true\nleak = { volume = 0, file = '/a b.wav' }")
                       .alerts.channels.sound;
  ASSERT_TRUE(own);
  EXPECT_EQ(own->volume_of(Type::leak), 0);
  EXPECT_EQ(own->file_of(Type::leak), "/a b.wav");
}

TEST(AlertConfig, WhatIsWrongIsToldWithItsLine) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"alerts = 1", "a table"},
      {"[alerts]\nrs = 1", "unknown key 'rs': expected per_hour, keep"},
      {"[alerts]\nrss = 0", "rss: expected a size"},
      {"[alerts]\nrss = 'x'", "rss: expected a size"},
      {"[alerts]\nexternal_ratio = 2", "a number from 0.01 to 1"},
      {"[alerts]\nexternal_ratio = nan", "a number from 0.01 to 1"},
      {"[alerts]\nper_hour = 0", "a number from 1 to 10000"},
      {"[alerts]\nhold = 5", "a duration as a string"},
      {"[alerts]\nhold = '1.5s'", "whole seconds"},
      {"[alerts]\nkeep = '1s'", "whole hours or days"},
      {"[alerts]\nconsole = 'yes'", "true or false"},
      {"[alerts]\njsonl = 'a'", "an absolute path"},
      {"[alerts]\nenabled.rss = true", "expected threshold, pattern, leak"},
      {"[alerts]\nenabled = true", "a table"},
      {"[alerts]\nlarge_events = 'release'", "a list of"},
      {"[alerts]\nlarge_events = ['free']", "large_events: expected a list of"},
      {"[alerts]\ncooldown.large = true", "a duration"},
      {"[alerts]\nwebhook.url = 'ftp://x'", "http:// or https://"},
      {"[alerts]\nwebhook.url = 'http://a b'", "neither blanks"},
      {"[alerts]\nwebhook.timeout = '1s'", "has no url"},
      {"[alerts]\nwebhook = { url = 'http://a', retries = 3 }", "url, headers, timeout or ca"},
      {"[alerts]\nwebhook = { url = 'https://a', ca = 'ours.pem' }",
       "ca: expected an absolute path"},
      {"[alerts]\nwebhook = { url = 'https://a', ca = \"/a\\nb\" }",
       "ca: expected an absolute path"},
      {"[alerts]\nwebhook = { url = 'https://a', ca = true }", "ca"},
      {"[alerts]\nwebhook = { url = 'http://a', headers = { a = 1 } }", "a header's value"},
      {"[alerts]\nwebhook = { url = 'http://a', headers = { a = \"x\\ny: z\" } }", "control"},
      {"[alerts]\nalertmanager = { url = 'http://a', resend = '0s' }", "whole seconds from 1"},
      {"[alerts]\nalertmanager = { }", "has no url"},
      {"[alerts]\nsound = true", "a table"},
      {"[alerts]\nsound.volume = 1", "expected enabled, threshold, pattern"},
      {"[alerts]\nsound.large = 0.5", "a table"},
      {"[alerts]\nsound.large.volume = 1.1", "a number from 0 to 1"},
      {"[alerts]\nsound.large.file = 'a.wav'", "an absolute path"},
      {"[alerts]\nsound.large.loud = 1", "volume or file"},
      {"[alerts]\ncommand.run = 'rm'", "a list of words"},
      {"[alerts]\ncommand.run = ['rm']", "/path/to/program"},
      {"[alerts]\ncommand.run = ['/bin/rm', 1]", "a list of words"},
      {"[[process]]\nalerts.per_hour = 3", "unknown key 'per_hour': expected heap, rss"},
  };
  for (const auto& [text, what] : mistakes) {
    const Result<Config> config = parse_config("memwatch.toml", text);
    ASSERT_FALSE(config) << text;
    const std::string line = config.error().to_line();
    const bool is_first = std::string_view(text).find('\n') == std::string_view::npos;
    EXPECT_EQ(config.error().subject, is_first ? "memwatch.toml:1" : "memwatch.toml:2") << line;
    EXPECT_NE(line.find(what), std::string::npos) << line;
  }
}

TEST(AlertConfig, SecretsAreNotPartOfAComplaint) {
  const Result<Config> config = parse_config(
      "memwatch.toml",
      "[alerts.webhook]\nurl='http://a'\nheaders = { Authorization = \"s3cret\\u0007\" }");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().to_line().find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace memwatch::daemon
