// Alerts in words, for a person and as JSON.
#include "tools/render/alerts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/render/alert_words.h"

namespace memwatch::render {
namespace {

using alerts::Alert;
using alerts::Type;

constexpr double kMiB = 1 << 20;

Alert an_alert(Type type) {
  Alert alert;
  alert.id = 12;
  alert.time_ms = 1'700'000'000'000;
  alert.type = type;
  alert.process = {7, 1, "ser\x1b[31mver"};
  return alert;
}

TEST(AlertWords, EachTypeSaysWhatWhoAndHowMuch) {
  Alert alert = an_alert(Type::threshold);
  alert.labels = {{"of", "external"}};
  alert.metrics = {{"value", 120 * kMiB}, {"threshold", 100 * kMiB}};
  const std::string who = "ser\xef\xbf\xbd[31mver (pid 7)";
  EXPECT_EQ(alert_message(alert),
            "memory outside the traced heap of " + who + " is 120 MiB, above 100 MiB");
  alert.labels = {{"of", "external_ratio"}};
  alert.metrics = {{"value", 0.625}, {"threshold", 0.5}};
  EXPECT_EQ(alert_message(alert),
            "the share of memory outside the traced heap of " + who + " is 62.5 %, above 50.0 %");
  alert = an_alert(Type::spike);
  alert.labels = {{"of", "heap"}};
  alert.metrics = {{"before", 10 * kMiB}, {"most", 200 * kMiB}};
  EXPECT_EQ(alert_message(alert),
            "live heap of " + who + " went from 10.0 MiB to 200 MiB within seconds");
  alert = an_alert(Type::failure);
  alert.labels = {{"function", "calloc"}, {"errno", "ENOMEM"}};
  alert.metrics = {{"size", 64 * kMiB}};
  alert.site = {"load(char const*)", "/src/a.cpp", "server", 13};
  EXPECT_EQ(alert_message(alert), "allocation failed: 64.0 MiB by calloc in " + who +
                                      ": ENOMEM at load(char const*) (a.cpp:13)");
  EXPECT_EQ(alert_recommendations(alert)[0],
            "See that the failure is handled at load(char const*) (a.cpp:13)");
  alert = an_alert(Type::leak);
  alert.labels = {{"pattern", "leak"}, {"limit", "cgroup"}};
  alert.metrics = {
      {"bytes_per_second", 2048}, {"confidence", 90}, {"duration", 60}, {"seconds_to_limit", 7200}};
  EXPECT_TRUE(alert_message(alert).starts_with(
      who + " is leaking, it seems: it grows by 2.0 KiB a second, 90 % sure, seen for "))
      << alert_message(alert);
  EXPECT_NE(alert_message(alert).find("its cgroup's limit is reached in"), std::string::npos);
  alert.labels.emplace_back("advice", "Look there.");
  EXPECT_EQ(alert_recommendations(alert)[0], "Look there");
  alert.site = {"load(char const*)", "/src/a.cpp", "server", 13};
  EXPECT_EQ(alert_recommendations(alert)[0],
            "Look at what is allocated and kept at load(char const*) (a.cpp:13)")
      << "of how many sites it is one is not known";
  EXPECT_EQ(alert_recommendations(alert)[1], "Look there");
  alert.metrics.emplace_back("sites", 3);
  EXPECT_EQ(
      alert_recommendations(alert)[0],
      "Look at what load(char const*) (a.cpp:13) and 2 more sites allocate: blocks of every "
      "age are still live, so they are forgotten, or kept in something that is never trimmed");
  EXPECT_TRUE(alert_recommendations(alert)[1].starts_with("memwatch leaks 7 "))
      << alert_recommendations(alert)[1];
  alert.is_test = true;
  EXPECT_EQ(alert_message(alert),
            "this is a test of leak alerts, sent on request: nothing has happened");
}

TEST(AlertWords, ALineForTheLog) {
  Alert alert = an_alert(Type::large);
  alert.message = "something";
  EXPECT_EQ(alert_line(alert), "alert 12, warning: something");
  alert.is_resolved = true;
  alert.resolution = "by hand\n";
  EXPECT_EQ(alert_line(alert), "alert 12 is over: something (by hand )");
}

TEST(AlertLists, TextHasTheLatestFirstAndWhatWasHeldBack) {
  Alert first = an_alert(Type::large), second = an_alert(Type::failure);
  first.message = "the first";
  first.suppressed = 3;
  first.recommendations = {"do this"};
  second.id = 13;
  second.message = "the second";
  second.is_resolved = true;
  second.resolved_ms = second.time_ms + 1000;
  second.resolution = "it has not happened again";
  alerts::AlertStatus status;
  status.suppressed_in_all = 4;
  status.suppressed = {{Type::large, {7, 1, "server"}, alerts::Held::hourly, 4, 0}};
  status.channels = {{"webhook", 1, 2, 3, "HTTP status 500"}};
  const std::string text =
      alerts_text({first, second}, status, first.time_ms + 60'000, RenderOptions{});
  EXPECT_EQ(text,
            "  13  warning   failure, 1 min 00 s ago\n"
            "      the second\n"
            "      over since 59.0 s ago: it has not happened again\n"
            "  12  warning   large, 1 min 00 s ago\n"
            "      the first\n"
            "      3 more of the same since\n"
            "        do this.\n"
            "\n"
            "Held back since the daemon's start: 4 alerts.\n"
            "  4 large of server (pid 7), by the limit an hour\n"
            "webhook: HTTP status 500; 3 wait\n");
  EXPECT_EQ(alerts_text({}, {}, 0, RenderOptions{}), "No alerts.\n");
}

TEST(AlertLists, JsonHasEveryField) {
  Alert alert = an_alert(Type::large);
  alert.metrics = {{"size", 5}};
  alert.labels = {{"function", "malloc"}};
  alert.recommendations = {"do this"};
  StringOutput output;
  write_alerts_json({alert}, {}, output);
  const auto json = nlohmann::json::parse(output.text())["alerts"][0];
  for (const char* key : {"id", "time", "type", "severity", "message", "pid", "process", "metrics",
                          "recommendations", "resolved"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["time"], 1'700'000'000.0);
  EXPECT_EQ(json["metrics"]["size"], 5);
  EXPECT_TRUE(json["site"].is_null());
  EXPECT_TRUE(json["resolved_at"].is_null());
}

}  // namespace
}  // namespace memwatch::render
