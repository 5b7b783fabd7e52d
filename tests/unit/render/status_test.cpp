#include "tools/render/status.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <nlohmann/json.hpp>

#include "tools/render/history.h"

namespace memwatch::render {
namespace {

daemon::Status sample_status() {
  daemon::Status status;
  status.version = "1.0";
  status.pid = 42;
  status.now = 1'800'000'000;
  status.uptime = 75;
  daemon::ProcessStatus exact;
  exact.pid = 7;
  exact.name = "server";
  exact.command = {"server", "--port", "80\x1b[31m"};
  exact.mode = model::Mode::exact;
  exact.live_bytes = 3U << 20;
  exact.rss = 5U << 20;
  exact.totals.allocations = 1234;
  exact.totals.large = 2;
  exact.dropped = 3;
  daemon::ProcessStatus idle = exact;
  idle.pid = 8;
  idle.mode = model::Mode::idle;
  daemon::ProcessStatus polled;
  polled.source = daemon::Source::polled;
  polled.pid = 9;
  polled.name = "bare";
  polled.rss = 1U << 20;
  daemon::ProcessStatus ended = exact;
  ended.pid = 10;
  ended.is_running = false;
  ended.exit_kind = model::ExitKind::signaled;
  ended.exit_signal = 9;
  ended.ended_ago = 30;
  status.processes = {exact, idle, polled, ended};
  daemon::Event event;
  event.id = 1;
  event.kind = daemon::Event::Kind::failure;
  event.age = 12;
  event.pid = 7;
  event.name = "server";
  event.function = Function::malloc_;
  event.size = 1ULL << 40;
  event.error_number = 12;
  status.events = {event};
  status.events_seen = 1;
  return status;
}

TEST(StatusText, ShowsProcessesSumsAndEvents) {
  RenderOptions options;
  options.width = 120;
  const std::string text = status_text(sample_status(), options);
  EXPECT_NE(text.find("memwatch daemon 1.0, pid 42, up 1 min 15 s\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Watching every process that carries the library."), std::string::npos);
  EXPECT_NE(text.find("3 processes: live heap"), std::string::npos) << text;
  EXPECT_NE(text.find("RSS only"), std::string::npos);
  EXPECT_NE(text.find("server (killed by SIGKILL, 30.0 s ago)"), std::string::npos) << text;
  EXPECT_NE(text.find("malloc in server (7): ENOMEM"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "what programs choose drives no terminal";
}

TEST(StatusText, TellsHowEachChannelFaresAndHowLoudSoundIs) {
  daemon::Status status = sample_status();
  alerts::ChannelState webhook{"webhook", 12, 2, 3, "HTTP status 500"}, sound;
  sound.name = "sound";
  sound.delivered = 4;
  for (const alerts::Type type : alerts::kTypes) sound.volumes.emplace_back(type, 0.5);
  sound.volumes[static_cast<std::size_t>(alerts::Type::failure)].second = 0.7;
  sound.volumes[static_cast<std::size_t>(alerts::Type::spike)].second = 0;
  status.alerts.channels = {webhook, sound};
  std::string text = status_text(status, {});
  EXPECT_NE(text.find("\nAlerts are told by\n"
                      "  webhook: 12 delivered, 2 given up, 3 waiting; the last one failed: HTTP "
                      "status 500\n"
                      "  sound: 4 delivered; volume 0.5, spike silent, failure 0.7\n"),
            std::string::npos)
      << text;
  for (auto& [type, volume] : sound.volumes) volume = 0;
  sound.trouble = "no sound: \x1b[31m";
  status.alerts.channels = {sound};
  text = status_text(status, {});
  EXPECT_NE(text.find("  sound: 4 delivered; silent; the last one failed: no sound: "),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "what a player says drives no terminal";
  status.alerts.channels.clear();
  text = status_text(status, {});
  EXPECT_NE(text.find("  sound: off; [alerts.sound] in memwatch.toml turns it on\n"),
            std::string::npos)
      << text;
}

TEST(StatusJson, AChannelThatIsHeardHasItsVolumes) {
  daemon::Status status = sample_status();
  alerts::ChannelState sound;
  sound.name = "sound";
  sound.volumes = {{alerts::Type::large, 0.5}, {alerts::Type::failure, 0.7}};
  status.alerts.channels = {sound, {"webhook", 1, 0, 2, "down"}};
  StringOutput output;
  write_status_json(status, output);
  const auto channels = nlohmann::json::parse(output.text())["alerts"]["channels"];
  EXPECT_EQ(channels[0]["volumes"]["failure"], 0.7);
  EXPECT_TRUE(channels[0]["trouble"].is_null());
  EXPECT_FALSE(channels[1].contains("volumes"));
  EXPECT_EQ(channels[1]["waiting"], 2);
  EXPECT_EQ(channels[1]["trouble"], "down");
}

TEST(StatusText, WithoutProcessesSaysWhatToDo) {
  daemon::Status status = sample_status();
  status.processes.clear();
  status.events.clear();
  status.added_names = {"server", "worker-*"};
  const std::string text = status_text(status, {});
  EXPECT_NE(text.find("Watching server, worker-*."), std::string::npos) << text;
  EXPECT_NE(text.find("LD_PRELOAD="), std::string::npos);
}

TEST(StatusJson, TellsEachProcessWhatIsKnownOfIt) {
  StringOutput output;
  write_status_json(sample_status(), output);
  const auto json = nlohmann::json::parse(output.text());
  EXPECT_EQ(json["schema"], "memwatch.status/1");
  EXPECT_EQ(json["totals"]["running"], 3);
  EXPECT_EQ(json["totals"]["ended"], 1);
  const auto& processes = json["processes"];
  EXPECT_EQ(processes[0]["heap"]["live_bytes"], 3 << 20);
  EXPECT_EQ(processes[0]["losses"]["dropped"], 3);
  EXPECT_TRUE(processes[1]["heap"]["live_bytes"].is_null());
  EXPECT_FALSE(processes[2].contains("heap"));
  EXPECT_EQ(processes[2]["source"], "polled");
  EXPECT_EQ(processes[3]["exit"]["signal"], 9);
  EXPECT_EQ(json["events"][0]["errno_name"], "ENOMEM");
}

TEST(StatusText, ATitleInThePlaceOfArgumentsIsShownAsItIs) {
  daemon::Status status;
  daemon::ProcessStatus process;
  process.pid = 9;
  process.name = "redis-server";
  process.command = {"redis-server *:6379"};
  status.processes.push_back(process);
  process.command.clear();
  status.processes.push_back(process);
  status.not_recorded = 2;
  const std::string text = status_text(status, {});
  for (const char* part : {"  redis-server *:6379\n", "  redis-server\n",
                           "Not recorded, though carrying the library: 2 processes"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST(History, TheThreeFormatsAgree) {
  history::ProcessSample row;
  row.process = {7, 1, "a,b"};
  row.sample.time_ms = 1'800'000'000'123;
  row.sample.span_ms = 60'000;
  row.sample.rss = 5U << 20;
  row.sample.rss_max = 6U << 20;
  row.sample.allocations = 9;
  StringOutput json_output, csv;
  write_history_json({row}, json_output);
  write_history_csv({row}, csv);
  const auto sample = nlohmann::json::parse(json_output.text())["samples"][0];
  EXPECT_DOUBLE_EQ(sample["time"], 1'800'000'000.123);
  EXPECT_EQ(sample["span"], 60);
  EXPECT_TRUE(sample["live_bytes"].is_null());
  EXPECT_NE(csv.text().find("\n2027-01-15T08:00:00.123Z,60,7,\"a,b\",5242880,6291456,,,9,0,0\n"),
            std::string::npos)
      << csv.text();
  RenderOptions options;
  options.width = 160;
  const std::string text = history_text({row}, options);
  EXPECT_NE(text.find("5.0 MiB"), std::string::npos) << text;
  EXPECT_NE(text.find("1 min 00 s"), std::string::npos) << text;
  EXPECT_EQ(history_text({}, options), "");
}

TEST(History, WhatAllRowsShareStandsAboveThem) {
  setenv("TZ", "UTC0", 1);
  tzset();
  history::ProcessSample row;
  row.process = {7, 1, "server"};
  row.sample.time_ms = 1'800'000'000'000;
  row.sample.rss = 5U << 20;
  history::ProcessSample later = row;
  later.sample.time_ms += 1000;
  RenderOptions options;
  options.width = 80;
  const std::string alone = history_text({row, later}, options);
  EXPECT_TRUE(alone.starts_with("server (pid 7), 2027-01-15\n")) << alone;
  EXPECT_EQ(alone.find("most"), std::string::npos) << "of a moment there is no more than that";
  later.process = {8, 1, "worker"};
  later.sample.time_ms += 86'400'000;
  later.sample.span_ms = 60'000;
  const std::string mixed = history_text({row, later}, options);
  EXPECT_TRUE(mixed.starts_with("Several processes, 2027-01-15 to 2027-01-16\n")) << mixed;
  for (const char* part : {"most", " 7  server\n", " 8  worker\n", "01-16 "}) {
    EXPECT_NE(mixed.find(part), std::string::npos) << part << mixed;
  }
}

}  // namespace
}  // namespace memwatch::render
