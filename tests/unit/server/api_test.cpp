// The REST interface without sockets: what each path is answered with, mistakes too.
#include "tools/server/api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace memwatch::server {
namespace {

class Rest : public testing::Test {
 protected:
  Rest() {
    daemon::ProcessStatus process;
    process.pid = 7;
    process.name = "server";
    process.live_bytes = 4096;
    process.rss = 8192;
    status_.processes.push_back(process);
    process.pid = 8;
    process.is_running = false;
    process.exit_kind = model::ExitKind::exited;
    status_.processes.push_back(process);
  }
  HttpResponse get(const std::string& target, const std::string& method = "GET") {
    Api::Sources sources{
        [this](const auto& use) { use(status_); },
        [this](const history::Question& question, const auto& use) {
          question_ = question;
          use(history_);
        },
        [] { return std::int64_t{1'000'000'000}; },
        {[this](history::AlertQuestion question, const auto& use) {
           alert_question_ = question;
           use(alerts_);
         },
         [](std::uint64_t id, const auto& use) {
           if (id == 7) return use(Result<void>());
           use(Result<void>(Error{ErrorKind::usage, "resolve", "8", "not active", {}}));
         }}};
    sources.consumers = [this](const history::ConsumerQuestion& question, const auto& use) {
      consumer_question_ = question;
      use(consumers_);
    };
    sources.operations = [this](const history::Question& question, const auto& use) {
      question_ = question;
      use(operations_);
    };
    const Api api(std::move(sources));
    std::optional<HttpResponse> answer;
    api.handle({method, target}, [&](HttpResponse given) {
      EXPECT_FALSE(answer) << "answered twice";
      answer = std::move(given);
    });
    EXPECT_TRUE(answer) << target;
    return answer.value_or(HttpResponse{});
  }
  nlohmann::json json(const std::string& target) {
    const HttpResponse response = get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return nlohmann::json::parse(response.body);
  }
  void expect_problem(int status, const std::string& target, const std::string& method = "GET") {
    const HttpResponse response = get(target, method);
    EXPECT_EQ(response.status, status) << target;
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto problem = nlohmann::json::parse(response.body);
    EXPECT_EQ(problem["status"], status);
    EXPECT_FALSE(problem["detail"].get<std::string>().empty());
  }

  daemon::Status status_;
  history::Question question_;
  history::ConsumerQuestion consumer_question_;
  history::History::ConsumerAnswer consumers_ = history::ConsumerHistory{};
  history::History::OperationAnswer operations_ = std::vector<history::Operation>{};
  history::AlertQuestion alert_question_;
  Result<AlertSources::Answer> alerts_ = AlertSources::Answer{};
  history::History::Answer history_ = std::vector<history::ProcessSample>{};
};

TEST_F(Rest, HealthTellsWhetherEventsAreLost) {
  auto health = json("/api/v1/health");
  EXPECT_EQ(health["status"], "healthy");
  EXPECT_EQ(health["processes"], 1);
  EXPECT_EQ(health["alerts"], 0);
  status_.processes[0].dropped = 5;
  EXPECT_EQ(json("/api/v1/health")["status"], "warning");
}

TEST_F(Rest, HealthCountsAlertsAndTakesTheWorst) {
  alerts::Alert alert;
  alert.severity = alerts::Severity::warning;
  status_.alerts.active = {alert};
  EXPECT_EQ(json("/api/v1/health")["alerts"], 1);
  EXPECT_EQ(json("/api/v1/health")["status"], "warning");
  alert.severity = alerts::Severity::critical;
  status_.alerts.active.push_back(alert);
  EXPECT_EQ(json("/api/v1/health")["status"], "critical");
}

TEST_F(Rest, AlertsAreAskedAsTheQuerySays) {
  alerts::Alert alert;
  alert.id = 7;
  alert.type = alerts::Type::leak;
  alert.metrics = {{"confidence", 80}};
  alerts_ = AlertSources::Answer{{alert}, {}};
  const auto page = json("/api/v1/alerts?state=active&count=5&seconds=60");
  EXPECT_EQ(page["schema"], "memwatch.alerts/1");
  EXPECT_EQ(page["alerts"][0]["type"], "leak");
  EXPECT_EQ(page["alerts"][0]["metrics"]["confidence"], 80);
  EXPECT_EQ(alert_question_.state, history::AlertState::active);
  EXPECT_EQ(alert_question_.count, 5U);
  EXPECT_EQ(alert_question_.since_ms, 1'000'000'000 - 60'000);
  json("/api/v1/alerts");
  EXPECT_EQ(alert_question_.state, history::AlertState::all);
  EXPECT_EQ(json("/api/v1/alerts/7")["id"], 7);
  expect_problem(404, "/api/v1/alerts/8");
  expect_problem(400, "/api/v1/alerts/x");
  expect_problem(400, "/api/v1/alerts?state=open");
  expect_problem(400, "/api/v1/alerts?pid=7");
  expect_problem(405, "/api/v1/alerts", "POST");
  expect_problem(405, "/api/v1/alerts/7/resolve");
  EXPECT_EQ(get("/api/v1/alerts/7/resolve", "POST").body, "{\"id\": 7, \"resolved\": true}\n");
  expect_problem(404, "/api/v1/alerts/8/resolve", "POST");
  expect_problem(404, "/api/v1/alerts/7/close", "POST");
  alerts_ = Error{ErrorKind::system, "read the history", "h.db", "gone", {}};
  expect_problem(503, "/api/v1/alerts");
}

TEST_F(Rest, ProcessesAreAsInStatus) {
  const auto status = json("/api/v1/status");
  EXPECT_EQ(status["schema"], "memwatch.status/1");
  EXPECT_EQ(json("/api/v1/processes")["processes"], status["processes"]);
  EXPECT_EQ(json("/api/v1/processes/7"), status["processes"][0]);
  EXPECT_EQ(json("/api/v1/processes/8")["exit"]["kind"], "exited");
}

TEST_F(Rest, HistoryIsAskedAsTheQuerySays) {
  history::ProcessSample row;
  row.process = {7, 1, "server"};
  row.sample.rss = 42;
  history_ = std::vector<history::ProcessSample>{row};
  EXPECT_EQ(json("/api/v1/history?pid=7&count=5&seconds=60")["samples"][0]["rss"], 42);
  EXPECT_EQ(question_.pid, 7);
  EXPECT_EQ(question_.count, 5U);
  EXPECT_EQ(question_.since_ms, 1'000'000'000 - 60'000);
  json("/api/v1/history?name=a%20b");
  EXPECT_EQ(question_.name, "a b");
  EXPECT_FALSE(question_.pid);
  history_ = Error{ErrorKind::system, "read the history", "h.db", "gone", {}};
  expect_problem(503, "/api/v1/history");
}

TEST_F(Rest, MistakesAreProblems) {
  expect_problem(404, "/");
  expect_problem(404, "/api/v2/status");
  expect_problem(404, "/api/v1/processes/9");
  expect_problem(404, "/api/v1/processes/7/x");
  expect_problem(400, "/api/v1/processes/x");
  expect_problem(400, "/api/v1/processes/-7");
  expect_problem(400, "/api/v1/../../etc/passwd");
  expect_problem(400, "/api/v1/%2e%2e/status");
  expect_problem(400, "/api/v1/status?pid=7");
  expect_problem(400, "/api/v1/history?pid=x");
  expect_problem(400, "/api/v1/history?count=99999999999999999999");
  expect_problem(400, "/api/v1/history?cnt=1");
  for (const char* method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW", ""}) {
    expect_problem(405, "/api/v1/status", method);
  }
  EXPECT_EQ(get("/api/v1/status", "POST").headers.at("Allow"), "GET");
}

TEST_F(Rest, ConsumersAndOperationsOfTheHistoryAreAskedForLikeSamples) {
  history::ConsumerRound round;
  round.process = {7, 1, "server"};
  round.consumers.emplace_back().site = 255;
  consumers_ = history::ConsumerHistory{{round}, {}};
  const auto found = json("/api/v1/history/consumers?pid=7&count=5&seconds=60&ends=1");
  EXPECT_EQ(found["rounds"][0]["consumers"][0]["site"], "00000000000000ff");
  EXPECT_EQ(consumer_question_.question.pid, 7);
  EXPECT_EQ(consumer_question_.question.count, 5U);
  EXPECT_EQ(consumer_question_.question.since_ms, 1'000'000'000 - 60'000);
  EXPECT_TRUE(consumer_question_.ends_alone);
  json("/api/v1/history/consumers?ends=0");
  EXPECT_FALSE(consumer_question_.ends_alone);
  history::Operation operation;
  operation.size = 42;
  operations_ = std::vector<history::Operation>{operation};
  EXPECT_EQ(json("/api/v1/history/operations?name=server")["operations"][0]["size"], 42);
  EXPECT_EQ(question_.name, "server");
  expect_problem(400, "/api/v1/history/consumers?ends=yes");
  expect_problem(400, "/api/v1/history/operations?ends=1");
  expect_problem(400, "/api/v1/history/consumers?count=x");
  expect_problem(405, "/api/v1/history/operations", "POST");
  consumers_ = Error{ErrorKind::system, "read the history", "h.db", "gone", {}};
  operations_ = Error{ErrorKind::system, "read the history", "h.db", "gone", {}};
  expect_problem(503, "/api/v1/history/consumers");
  expect_problem(503, "/api/v1/history/operations");
}

}  // namespace
}  // namespace memwatch::server
