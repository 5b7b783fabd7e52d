#include "tools/server/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "collector/procfs/text.h"
#include "tools/render/history.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"
#include "tools/render/status.h"
#include "tools/server/request_target.h"

namespace memwatch::server {

namespace {

using daemon::ProcessStatus;
using daemon::Status;

HttpResponse json_response(const render::StringOutput& output) {
  HttpResponse response;
  response.body = output.text();
  if (!response.body.ends_with('\n')) response.body += '\n';
  return response;
}

// Losing events is what a reader of the figures has to know of.
HttpResponse health(const Status& status) {
  const bool loses = std::any_of(
      status.processes.begin(), status.processes.end(),
      [](const ProcessStatus& process) { return process.is_running && process.dropped > 0; });
  render::StringOutput output;
  render::JsonWriter json(output);
  json.begin_object();
  const auto worst = std::max_element(
      status.alerts.active.begin(), status.alerts.active.end(),
      [](const alerts::Alert& a, const alerts::Alert& b) { return a.severity < b.severity; });
  const alerts::Severity severity =
      worst == status.alerts.active.end() ? alerts::Severity::info : worst->severity;
  const bool warns = loses || severity == alerts::Severity::warning;
  json.member("status", severity == alerts::Severity::critical ? "critical"
                        : warns                                ? "warning"
                                                               : "healthy");
  json.member("processes", static_cast<std::uint64_t>(std::count_if(
                               status.processes.begin(), status.processes.end(),
                               [](const ProcessStatus& process) { return process.is_running; })));
  json.member("alerts", std::uint64_t{status.alerts.active.size()});
  json.end_object();
  return json_response(output);
}

HttpResponse whole_status(const Status& status) {
  render::StringOutput output;
  render::write_status_json(status, output);
  return json_response(output);
}

HttpResponse processes(const Status& status) {
  render::StringOutput output;
  render::JsonWriter json(output);
  json.begin_object();
  json.key("processes").begin_array(render::JsonWriter::Layout::lines);
  for (const ProcessStatus& process : status.processes) render::write_process_json(process, json);
  json.end_array();
  json.end_object();
  return json_response(output);
}

std::optional<pid_t> pid_in(const std::string& text) {
  const auto number = procfs::parse_number(text);
  if (!number || *number == 0 ||
      *number > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max()) ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return static_cast<pid_t>(*number);
}

// The one that runs, else the latest that has ended.
HttpResponse one_process(const Status& status, pid_t pid) {
  const auto found =
      std::find_if(status.processes.begin(), status.processes.end(),
                   [pid](const ProcessStatus& process) { return process.pid == pid; });
  if (found == status.processes.end()) {
    return problem(404, fmt::format("process {} is not watched", pid));
  }
  render::StringOutput output;
  render::JsonWriter json(output);
  render::write_process_json(*found, json);
  return json_response(output);
}

// "" where the query is sound.
std::string read_question(const std::map<std::string, std::string>& query, std::int64_t now_ms,
                          history::Question* question) {
  for (const auto& [key, value] : query) {
    if (key == "name") {
      question->name = value;
      continue;
    }
    const auto number = procfs::parse_number(value);
    constexpr std::uint64_t kMost = 1ULL << 31;
    if (!number || *number >= kMost || value.find_first_not_of("0123456789") != std::string::npos) {
      return key + ": expected a whole number";
    }
    if (key == "pid") {
      question->pid = static_cast<pid_t>(*number);
    } else if (key == "count") {
      question->count = *number;
    } else if (key == "seconds") {
      question->since_ms = now_ms - static_cast<std::int64_t>(*number) * 1000;
    }
  }
  return {};
}

struct Route {
  std::vector<std::string_view> path;  // "*" any part
  std::vector<std::string_view> query;
  enum class Page : std::uint8_t { health, status, processes, process, history } page;
};

const std::vector<Route>& routes() {
  using Page = Route::Page;
  static const std::vector<Route> all = {
      {{"api", "v1", "health"}, {}, Page::health},
      {{"api", "v1", "status"}, {}, Page::status},
      {{"api", "v1", "processes"}, {}, Page::processes},
      {{"api", "v1", "processes", "*"}, {}, Page::process},
      {{"api", "v1", "history"}, {"pid", "name", "count", "seconds"}, Page::history},
  };
  return all;
}

bool fits(const Route& route, const std::vector<std::string>& path) {
  return std::equal(route.path.begin(), route.path.end(), path.begin(), path.end(),
                    [](std::string_view wanted, const std::string& part) {
                      return wanted == "*" || wanted == part;
                    });
}

HttpResponse status_page(Route::Page page, pid_t pid, const Status& status) {
  switch (page) {
    case Route::Page::health:
      return health(status);
    case Route::Page::processes:
      return processes(status);
    case Route::Page::process:
      return one_process(status, pid);
    case Route::Page::status:
    case Route::Page::history:
      break;
  }
  return whole_status(status);
}

}  // namespace

void Api::handle(const HttpRequest& request, Reply reply) const {
  const std::optional<RequestTarget> target = parse_target(request.target);
  if (!target) return reply(problem(400, "the path or the query makes no sense"));
  if (answer_alert_page(request, *target, sources_.now_ms(), sources_.alerts, reply)) return;
  const auto route = std::find_if(routes().begin(), routes().end(), [&](const Route& candidate) {
    return fits(candidate, target->path);
  });
  if (route == routes().end())
    return reply(problem(404, "there is no such page; /api/v1/status is one"));
  if (request.method != "GET") {
    HttpResponse refused = problem(405, "this page can be read only");
    refused.headers["Allow"] = "GET";
    return reply(std::move(refused));
  }
  for (const auto& [key, value] : target->query) {
    if (std::find(route->query.begin(), route->query.end(), key) == route->query.end()) {
      return reply(problem(400, key + ": this page knows no such parameter"));
    }
  }
  if (route->page == Route::Page::history) {
    history::Question question;
    const std::string mistake = read_question(target->query, sources_.now_ms(), &question);
    if (!mistake.empty()) return reply(problem(400, mistake));
    sources_.history(question, [reply](const history::History::Answer& answer) {
      if (!answer) return reply(problem(503, answer.error().to_line()));
      render::StringOutput output;
      render::write_history_json(*answer, output);
      reply(json_response(output));
    });
    return;
  }
  pid_t pid = 0;
  if (route->page == Route::Page::process) {
    const std::optional<pid_t> given = pid_in(target->path.back());
    if (!given) return reply(problem(400, "a process is named by its pid"));
    pid = *given;
  }
  sources_.status([reply, page = route->page, pid](const Status& status) {
    reply(status_page(page, pid, status));
  });
}

}  // namespace memwatch::server
