// What the daemon knows at this moment and what it has seen: health, status, processes, history.
#include <fmt/format.h>

#include <algorithm>

#include "collector/procfs/text.h"
#include "tools/render/history.h"
#include "tools/render/history_consumers.h"
#include "tools/render/history_operations.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"
#include "tools/render/status.h"
#include "tools/server/api_route.h"

namespace memwatch::server {

namespace {

using daemon::ProcessStatus;
using daemon::Status;

// Losing events is what a reader of the figures has to know of, and a certificate that ends what
// would keep all readers out.
void health(const ApiSources& sources, const RequestTarget&, const ApiReply& reply) {
  sources.status([reply](const Status& status) {
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
    const std::string certificate = status.certificate ? status.certificate->trouble : "";
    const bool warns = loses || severity == alerts::Severity::warning || !certificate.empty();
    json.member("status", severity == alerts::Severity::critical ? "critical"
                          : warns                                ? "warning"
                                                                 : "healthy");
    json.member("processes", static_cast<std::uint64_t>(std::count_if(
                                 status.processes.begin(), status.processes.end(),
                                 [](const ProcessStatus& process) { return process.is_running; })));
    json.member("alerts", std::uint64_t{status.alerts.active.size()});
    if (!certificate.empty()) json.member("certificate", certificate);
    json.end_object();
    reply(json_response(output.text()));
  });
}

void whole_status(const ApiSources& sources, const RequestTarget&, const ApiReply& reply) {
  sources.status([reply](const Status& status) {
    render::StringOutput output;
    render::write_status_json(status, output);
    reply(json_response(output.text()));
  });
}

void processes(const ApiSources& sources, const RequestTarget&, const ApiReply& reply) {
  sources.status([reply](const Status& status) {
    render::StringOutput output;
    render::JsonWriter json(output);
    json.begin_object();
    json.key("processes").begin_array(render::JsonWriter::Layout::lines);
    for (const ProcessStatus& process : status.processes) render::write_process_json(process, json);
    json.end_array();
    json.end_object();
    reply(json_response(output.text()));
  });
}

// The one that runs, else the latest that has ended.
void one_process(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  const std::optional<pid_t> pid = pid_in(target.path.back());
  if (!pid) return reply(problem(400, "a process is named by its pid"));
  sources.status([reply, pid = *pid](const Status& status) {
    const auto found =
        std::find_if(status.processes.begin(), status.processes.end(),
                     [pid](const ProcessStatus& process) { return process.pid == pid; });
    if (found == status.processes.end()) {
      return reply(problem(404, fmt::format("process {} is not watched", pid)));
    }
    render::StringOutput output;
    render::JsonWriter json(output);
    render::write_process_json(*found, json);
    reply(json_response(output.text()));
  });
}

// "" where the query is sound.
std::string read_question(const RequestTarget& target, std::int64_t now_ms,
                          history::Question* question) {
  for (const auto& [key, value] : target.query) {
    if (key == "ends") continue;
    if (key == "name") {
      question->name = value;
      continue;
    }
    constexpr std::uint64_t kMost = 1ULL << 31;
    const auto number = number_in(target, key, 0, kMost);
    if (!number) return key + ": expected a whole number";
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

void samples(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  history::Question question;
  const std::string mistake = read_question(target, sources.now_ms(), &question);
  if (!mistake.empty()) return reply(problem(400, mistake));
  sources.history(question, [reply](const history::History::Answer& answer) {
    if (!answer) return reply(problem(503, answer.error().to_line()));
    render::StringOutput output;
    render::write_history_json(*answer, output);
    reply(json_response(output.text()));
  });
}

void consumers(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  history::ConsumerQuestion asked;
  const std::string mistake = read_question(target, sources.now_ms(), &asked.question);
  if (!mistake.empty()) return reply(problem(400, mistake));
  if (const auto ends = target.query.find("ends"); ends != target.query.end()) {
    if (ends->second != "0" && ends->second != "1") {
      return reply(problem(400, "ends: expected 0 or 1"));
    }
    asked.ends_alone = ends->second == "1";
  }
  sources.consumers(asked, [reply](const history::History::ConsumerAnswer& answer) {
    if (!answer) return reply(problem(503, answer.error().to_line()));
    render::StringOutput output;
    render::write_consumer_history_json(*answer, output);
    reply(json_response(output.text()));
  });
}

void operations(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  history::Question question;
  const std::string mistake = read_question(target, sources.now_ms(), &question);
  if (!mistake.empty()) return reply(problem(400, mistake));
  const auto write = [reply](const history::History::OperationAnswer& answer) {
    if (!answer) return reply(problem(503, answer.error().to_line()));
    render::StringOutput output;
    render::write_operations_json(*answer, output);
    reply(json_response(output.text()));
  };
  sources.operations(question, write);
}

}  // namespace

const std::vector<Route>& status_routes() {
  static const std::vector<Route> all = {
      {{"api", "v1", "health"}, {}, "GET", health},
      {{"api", "v1", "status"}, {}, "GET", whole_status},
      {{"api", "v1", "processes"}, {}, "GET", processes},
      {{"api", "v1", "processes", "*"}, {}, "GET", one_process},
      {{"api", "v1", "history"}, {"pid", "name", "count", "seconds"}, "GET", samples},
      {{"api", "v1", "history", "consumers"},
       {"pid", "name", "count", "seconds", "ends"},
       "GET",
       consumers},
      {{"api", "v1", "history", "operations"},
       {"pid", "name", "count", "seconds"},
       "GET",
       operations},
  };
  return all;
}

}  // namespace memwatch::server
