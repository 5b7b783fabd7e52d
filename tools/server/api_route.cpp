#include "tools/server/api_route.h"

#include <limits>
#include <utility>

#include "collector/procfs/text.h"

namespace memwatch::server {

HttpResponse json_response(std::string text) {
  HttpResponse response;
  response.body = std::move(text);
  if (!response.body.ends_with('\n')) response.body += '\n';
  return response;
}

HttpResponse problem_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return problem(404, error.to_line());
    case ErrorKind::usage:
      return problem(400, error.to_line());
    default:
      return problem(503, error.to_line());
  }
}

std::optional<std::uint64_t> number_in(const RequestTarget& target, const std::string& key,
                                       std::uint64_t absent, std::uint64_t limit) {
  const auto given = target.query.find(key);
  if (given == target.query.end()) return absent;
  const auto number = procfs::parse_number(given->second);
  if (!number || *number >= limit ||
      given->second.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return number;
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

std::optional<pid_t> asked_process(const RequestTarget& target, const ApiReply& reply) {
  const auto given = target.query.find("pid");
  if (given == target.query.end()) {
    reply(problem(400, "pid: name a process (/api/v1/processes lists them)"));
    return std::nullopt;
  }
  const std::optional<pid_t> pid = pid_in(given->second);
  if (!pid) reply(problem(400, "pid: a process is named by its pid"));
  return pid;
}

void work_off_thread(const ApiSources& sources, const ApiReply& reply,
                     std::function<HttpResponse()> make) {
  const bool taken = sources.work([reply, make = std::move(make)] { reply(make()); });
  if (taken) return;
  HttpResponse busy = problem(503, "too many questions that take long are waiting already");
  busy.headers.emplace("Retry-After", "1");
  reply(std::move(busy));
}

}  // namespace memwatch::server
