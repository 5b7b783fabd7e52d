#include "tools/server/alert_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "collector/procfs/text.h"
#include "tools/render/alerts.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"

namespace memwatch::server {

namespace {

using Reply = std::function<void(HttpResponse)>;

HttpResponse json_response(const render::StringOutput& output) {
  HttpResponse response;
  response.body = output.text();
  if (!response.body.ends_with('\n')) response.body += '\n';
  return response;
}

std::optional<std::uint64_t> whole_number(const std::string& text) {
  const auto number = procfs::parse_number(text);
  constexpr std::uint64_t kMost = 1ULL << 53;
  if (!number || *number >= kMost || text.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return number;
}

// "" where the query is sound.
std::string read_question(const RequestTarget& target, std::int64_t now_ms,
                          history::AlertQuestion* question) {
  for (const auto& [key, value] : target.query) {
    if (key == "state") {
      if (value == "active") {
        question->state = history::AlertState::active;
      } else if (value == "resolved") {
        question->state = history::AlertState::resolved;
      } else if (value != "all") {
        return "state: expected active, resolved or all";
      }
      continue;
    }
    if (key != "count" && key != "seconds") return key + ": this page knows no such parameter";
    const auto number = whole_number(value);
    constexpr std::uint64_t kMostSeconds = 1ULL << 31;
    if (!number || (key == "seconds" && *number >= kMostSeconds)) {
      return key + ": expected a whole number";
    }
    if (key == "count") {
      question->count = *number;
    } else {
      question->since_ms = now_ms - static_cast<std::int64_t>(*number) * 1000;
    }
  }
  return {};
}

void list_page(const RequestTarget& target, std::int64_t now_ms, const AlertSources& sources,
               const Reply& reply) {
  history::AlertQuestion question;
  const std::string mistake = read_question(target, now_ms, &question);
  if (!mistake.empty()) return reply(problem(400, mistake));
  sources.find(question, [reply](const Result<AlertSources::Answer>& answer) {
    if (!answer) return reply(problem(503, answer.error().to_line()));
    render::StringOutput output;
    render::write_alerts_json(answer->alerts, answer->status, output);
    reply(json_response(output));
  });
}

void one_page(std::uint64_t id, const AlertSources& sources, const Reply& reply) {
  history::AlertQuestion all;
  all.count = 100'000;
  sources.find(all, [reply, id](const Result<AlertSources::Answer>& answer) {
    if (!answer) return reply(problem(503, answer.error().to_line()));
    const auto found = std::find_if(answer->alerts.begin(), answer->alerts.end(),
                                    [id](const alerts::Alert& alert) { return alert.id == id; });
    if (found == answer->alerts.end()) {
      return reply(problem(404, fmt::format("there is no alert {}", id)));
    }
    render::StringOutput output;
    render::JsonWriter json(output);
    render::write_alert_json(*found, json);
    reply(json_response(output));
  });
}

void resolve_page(std::uint64_t id, const AlertSources& sources, const Reply& reply) {
  sources.resolve(id, [reply, id](const Result<void>& done) {
    if (!done) return reply(problem(404, done.error().why));
    render::StringOutput output;
    render::JsonWriter json(output);
    json.begin_object();
    json.member("id", id);
    json.key("resolved").boolean(true);
    json.end_object();
    reply(json_response(output));
  });
}

}  // namespace

bool answer_alert_page(const HttpRequest& request, const RequestTarget& target, std::int64_t now_ms,
                       const AlertSources& sources, const Reply& reply) {
  const std::vector<std::string>& path = target.path;
  if (path.size() < 3 || path.size() > 5 || path[0] != "api" || path[1] != "v1" ||
      path[2] != "alerts" || (path.size() == 5 && path[4] != "resolve")) {
    return false;
  }
  const bool resolves = path.size() == 5;
  const char* const method = resolves ? "POST" : "GET";
  if (request.method != method) {
    HttpResponse refused =
        problem(405, resolves ? "an alert is resolved by POST" : "this page can be read only");
    refused.headers["Allow"] = method;
    reply(std::move(refused));
    return true;
  }
  if (path.size() == 3) {
    list_page(target, now_ms, sources, reply);
    return true;
  }
  const std::optional<std::uint64_t> id = whole_number(path[3]);
  if (!id) {
    reply(problem(400, "an alert is named by its number"));
  } else if (!target.query.empty()) {
    reply(problem(400, target.query.begin()->first + ": this page knows no such parameter"));
  } else if (resolves) {
    resolve_page(*id, sources, reply);
  } else {
    one_page(*id, sources, reply);
  }
  return true;
}

}  // namespace memwatch::server
