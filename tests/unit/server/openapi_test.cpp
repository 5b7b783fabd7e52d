// docs/openapi.json against the tables of the server, both ways: nothing is answered that is not
// described, and nothing described that is not answered. What the answers look like is compared
// with a running daemon (tests/integration/test_daemon.py).
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tools/server/api.h"

namespace memwatch::server {
namespace {

using Parameters = std::set<std::string>;
using Pages = std::map<std::string, Parameters>;  // "GET /api/v1/processes/*": those of the query

Pages described() {
  std::ifstream file(OPENAPI_FILE);
  Pages pages;
  const auto document = nlohmann::json::parse(file);
  for (const auto& [path, methods] : document["paths"].items()) {
    std::string shape = path;
    Parameters in_path;
    for (std::size_t open; (open = shape.find('{')) != std::string::npos;) {
      const std::size_t close = shape.find('}', open);
      in_path.insert(shape.substr(open + 1, close - open - 1));
      shape.replace(open, close - open + 1, "*");
    }
    for (const auto& [method, page] : methods.items()) {
      Parameters query, of_path;
      for (const auto& parameter : page.value("parameters", nlohmann::json::array())) {
        (parameter["in"] == "query" ? query : of_path).insert(parameter["name"]);
      }
      EXPECT_EQ(of_path, in_path) << path;
      pages[(method == "post" ? "POST " : method == "get" ? "GET " : method + " ") + shape] = query;
    }
  }
  return pages;
}

// Those that have no table: alerts (alert_pages.h), and what the HTTP server itself answers.
Pages without_table() {
  return {{"GET /api/v1/alerts", {"count", "seconds", "state"}},
          {"GET /api/v1/alerts/*", {}},
          {"POST /api/v1/alerts/*/resolve", {}},
          {"GET /api/v1/stream", {}},
          {"GET /api/v1/ws", {}}};
}

Pages answered() {
  Pages pages = without_table();
  for (const std::vector<Route>* table : route_tables()) {
    for (const Route& route : *table) {
      std::string page(route.method);
      page += ' ';
      for (const std::string_view part : route.path) page.append("/").append(part);
      EXPECT_TRUE(pages.emplace(page, Parameters(route.query.begin(), route.query.end())).second)
          << page << " is there twice";
    }
  }
  return pages;
}

TEST(OpenApi, DescribesEveryPageThatIsAnsweredAndNoOther) {
  const Pages document = described(), server = answered();
  EXPECT_GT(server.size(), 20U);
  for (const auto& [page, query] : server) {
    ASSERT_TRUE(document.contains(page)) << page << " is not described";
    EXPECT_EQ(document.at(page), query) << page;
  }
  for (const auto& [page, query] : document) {
    EXPECT_TRUE(server.contains(page)) << page << " is described, and nobody answers";
  }
}

TEST(OpenApi, PagesOfAlertsAreAnsweredWithTheParametersDescribed) {
  ApiSources sources;
  sources.now_ms = [] { return std::int64_t{0}; };
  sources.alerts.find = [](const auto&, const auto& found) { found(AlertSources::Answer{}); };
  sources.alerts.resolve = [](std::uint64_t, const auto& done) { done(Result<void>{}); };
  const Api api(sources);
  const auto answer = [&api](const std::string& method, const std::string& target) {
    int status = 0;
    HttpRequest request;
    request.method = method;
    request.target = target;
    api.handle(request, [&](const HttpResponse& response) { status = response.status; });
    return status;
  };
  EXPECT_EQ(answer("GET", "/api/v1/alerts?state=active&count=1&seconds=1"), 200);
  EXPECT_EQ(answer("GET", "/api/v1/alerts?other=1"), 400);
  EXPECT_EQ(answer("GET", "/api/v1/alerts/1"), 404) << "the page is there, the alert is not";
  EXPECT_EQ(answer("PUT", "/api/v1/alerts/1"), 405);
  EXPECT_EQ(answer("POST", "/api/v1/alerts/1/resolve"), 200);
}

}  // namespace
}  // namespace memwatch::server
