#include "tools/server/api.h"

#include <algorithm>
#include <optional>

namespace memwatch::server {

namespace {

bool fits(const Route& route, const std::vector<std::string>& path) {
  return std::equal(route.path.begin(), route.path.end(), path.begin(), path.end(),
                    [](std::string_view wanted, const std::string& part) {
                      return wanted == "*" || wanted == part;
                    });
}

// Those with this path, whatever the method.
std::vector<const Route*> find_routes(const std::vector<std::string>& path) {
  std::vector<const Route*> found;
  for (const std::vector<Route>* table : route_tables()) {
    for (const Route& route : *table) {
      if (fits(route, path)) found.push_back(&route);
    }
  }
  return found;
}

}  // namespace

const std::vector<const std::vector<Route>*>& route_tables() {
  static const std::vector<const std::vector<Route>*> all = {
      &status_routes(), &memory_routes(), &analysis_routes(), &report_routes(), &metric_routes()};
  return all;
}

void Api::handle(const HttpRequest& request, Reply reply) const {
  const std::optional<RequestTarget> target = parse_target(request.target);
  if (!target) return reply(problem(400, "the path or the query makes no sense"));
  if (answer_alert_page(request, *target, sources_.now_ms(), sources_.alerts, reply)) return;
  const std::vector<const Route*> candidates = find_routes(target->path);
  if (candidates.empty())
    return reply(problem(404, "there is no such page; /api/v1/status is one"));
  const auto route =
      std::find_if(candidates.begin(), candidates.end(),
                   [&](const Route* candidate) { return candidate->method == request.method; });
  if (route == candidates.end()) {
    const std::string_view method = candidates.front()->method;
    HttpResponse refused = problem(
        405, method == "GET" ? "this page can be read only" : "this page wants to be told (POST)");
    refused.headers["Allow"] = method;
    return reply(std::move(refused));
  }
  for (const auto& [key, value] : target->query) {
    const auto& known = (*route)->query;
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return reply(problem(400, key + ": this page knows no such parameter"));
    }
  }
  (*route)->answer(sources_, *target, reply);
}

}  // namespace memwatch::server
