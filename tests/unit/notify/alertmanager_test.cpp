// What Alertmanager is told; that the real one takes it is tested with the daemon.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/notify/alertmanager_channel.h"

namespace memwatch::notify {
namespace {

alerts::Alert an_alert() {
  alerts::Alert alert;
  alert.id = 12;
  alert.time_ms = 1'700'000'000'123;
  alert.type = alerts::Type::leak;
  alert.severity = alerts::Severity::critical;
  alert.subject = "growth";
  alert.process = {7, 1, "server"};
  alert.message = "server leaks </script>";
  alert.recommendations = {"look at it"};
  return alert;
}

std::vector<std::string> parts(const std::string& payload) {
  std::vector<std::string> all;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = payload.find('\n', from)) != std::string::npos; from = end + 1) {
    all.push_back(payload.substr(from, end - from));
  }
  all.push_back(payload.substr(from));
  return all;
}

TEST(Alertmanagers, AreToldLabelsAnnotationsAndTimes) {
  daemon::AlertmanagerTarget target;
  target.labels = {{"team", "core"}, {"empty", ""}};
  const AlertmanagerChannel channel(target, "http://127.0.0.1:7676/api/v1/alerts/");
  const auto raised = parts(channel.payload({alerts::Notice::Kind::raised, an_alert()}));
  ASSERT_EQ(raised.size(), 4U);
  EXPECT_EQ(raised[0], "12");
  EXPECT_EQ(raised[1], "raised");
  const auto json = nlohmann::json::parse("{" + raised[2] + "}");
  EXPECT_EQ(json["labels"]["alertname"], "MemwatchLeak");
  EXPECT_EQ(json["labels"]["severity"], "critical");
  EXPECT_EQ(json["labels"]["pid"], "7");
  EXPECT_EQ(json["labels"]["team"], "core");
  EXPECT_FALSE(json["labels"].contains("empty"));
  EXPECT_EQ(json["annotations"]["summary"], "server leaks </script>");
  EXPECT_EQ(json["annotations"]["description"], "look at it.\n");
  EXPECT_EQ(json["startsAt"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(json["generatorURL"], "http://127.0.0.1:7676/api/v1/alerts/12");
  EXPECT_EQ(raised[3], "");

  alerts::Alert over = an_alert();
  over.is_resolved = true;
  over.resolved_ms = 1'700'000'001'000;
  const auto resolved = parts(channel.payload({alerts::Notice::Kind::resolved, over}));
  EXPECT_EQ(resolved[1], "resolved");
  EXPECT_EQ(resolved[2], raised[2]) << "the same labels, or it would be another alert";
  EXPECT_EQ(resolved[3], "2023-11-14T22:13:21.000Z");
}

}  // namespace
}  // namespace memwatch::notify
