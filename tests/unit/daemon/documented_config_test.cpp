// docs/watching.md shows memwatch.toml with every default: what stands there must be taken, and be
// the defaults.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "collector/daemon/config.h"

namespace memwatch::daemon {
namespace {

std::vector<std::string> documented_blocks() {
  std::ifstream file(WATCHING_FILE);
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> blocks;
  const std::string all = text.str(), begin = "```toml\n";
  for (std::size_t at = all.find(begin); at != std::string::npos; at = all.find(begin, at)) {
    at += begin.size();
    blocks.push_back(all.substr(at, all.find("```", at) - at));
  }
  return blocks;
}

TEST(DocumentedConfig, IsTheDefaults) {
  const std::vector<std::string> blocks = documented_blocks();
  ASSERT_EQ(blocks.size(), 3U) << "what is watched, alerts, the interface";
  const std::string shown = blocks[0] + blocks[1];
  for (const char* key :
       {"consumers_every", "sample_interval", "[alerts.cooldown]", "confidence"}) {
    EXPECT_NE(shown.find(key), std::string::npos) << key;
  }
  const Result<Config> read = parse_config("watching.md", shown);
  ASSERT_TRUE(read) << read.error().to_line();
  const Config defaults;
  EXPECT_EQ(read->watch, defaults.watch);
  EXPECT_EQ(read->poll_interval, defaults.poll_interval);
  EXPECT_EQ(read->keep_ended, defaults.keep_ended);
  EXPECT_EQ(read->history_keep, defaults.history_keep);
  EXPECT_EQ(read->keep_operations, defaults.keep_operations);
  EXPECT_EQ(read->consumers_every, defaults.consumers_every);
  EXPECT_EQ(read->history_max_bytes, defaults.history_max_bytes);
  EXPECT_EQ(read->defaults, defaults.defaults);
  EXPECT_TRUE(read->rules.empty());
  EXPECT_EQ(read->alerts.rules, defaults.alerts.rules);
  EXPECT_EQ(read->alerts.per_hour, defaults.alerts.per_hour);
  EXPECT_EQ(read->alerts.keep, defaults.alerts.keep);
  EXPECT_EQ(read->alerts.channels, defaults.alerts.channels);
  EXPECT_EQ(read->http, defaults.http);
}

// The rest stands there as a comment: "# key = value  what it means" is taken without the mark.
TEST(DocumentedConfig, WhatIsShownAsACommentIsTakenToo) {
  const std::string more = R"([alerts]
heap = "2GiB"
rss = "2GiB"
external = "2GiB"
external_ratio = 0.5
growth_per_minute = "10MiB"
)";
  for (const char* line :
       {"# heap, rss, external = \"2GiB\" ", "# external_ratio = 0.5 ",
        "# growth_per_minute = \"10MiB\" ", "# jsonl = \"/var/log/memwatch.jsonl\" ",
        "# url = \"https://example.org/hook\" ", "# ca = \"/etc/ssl/ours.pem\" ",
        "# url = \"http://127.0.0.1:9093\"\n", "# labels = { team = \"core\" }\n",
        "# resend = \"1m\"\n", "# run = [\"/usr/local/bin/tell-me\", \"argument\"]\n",
        "# large = { volume = 0.5, file = \"/home/me/gong.wav\" } ", "# failure.volume = 0.7 ",
        "# alerts = { rss = \"2GiB\", enabled.spike = false } "}) {
    EXPECT_NE(documented_blocks()[1].find(line), std::string::npos) << line;
  }
  const Result<Config> read =
      parse_config("watching.md", more + R"(jsonl = "/var/log/memwatch.jsonl"
[alerts.webhook]
url = "https://example.org/hook"
headers = { Authorization = "Bearer x" }
timeout = "10s"
ca = "/etc/ssl/ours.pem"
[alerts.alertmanager]
url = "http://127.0.0.1:9093"
labels = { team = "core" }
resend = "1m"
[alerts.command]
run = ["/usr/local/bin/tell-me", "argument"]
timeout = "10s"
[alerts.sound]
large = { volume = 0.5, file = "/home/me/gong.wav" }
failure.volume = 0.7
[[process]]
name = "server"
alerts = { rss = "2GiB", enabled.spike = false }
)");
  ASSERT_TRUE(read) << read.error().to_line();
  EXPECT_EQ(read->alerts.rules.external, std::uint64_t{2} << 30);
  EXPECT_EQ(read->alerts.channels.alertmanager->resend, AlertmanagerTarget{}.resend);
  EXPECT_EQ(read->alerts.channels.webhook->timeout, HttpTarget{}.timeout);
  EXPECT_EQ(read->alerts.channels.command->timeout, AlertCommand{}.timeout);
  EXPECT_EQ(read->alerts.channels.sound->volume, SoundSettings{}.volume);
  EXPECT_FALSE(read->alert_rules_for({"server", "server"}).wants(alerts::Type::spike));
  const Result<Config> interface = parse_config("watching.md", documented_blocks()[2]);
  ASSERT_TRUE(interface) << interface.error().to_line();
  EXPECT_EQ(interface->http.listen, "0.0.0.0:7676");
}

}  // namespace
}  // namespace memwatch::daemon
