// libFuzzer entry: what comes to the daemon from outside. The first byte chooses: a request of the
// REST interface, which is answered once, with a status and (but for 2xx) a problem; or what is
// said on the control socket, either side of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/fuzz/input.h"
#include "tools/server/api.h"
#include "tools/server/control_protocol.h"
#include "tools/server/history_question.h"

namespace {

using namespace memwatch;

// Of process 7 there is a session in which little happened, of others nothing.
Result<model::Session> session_of(pid_t pid) {
  if (pid != 7) return Error{ErrorKind::not_found, "look", "a process", "it is not watched", {}};
  model::Session session;
  session.processes.resize(1);
  session.processes[0].pid = 7;
  session.processes[0].sites.resize(1);
  session.processes[0].sites[0].allocations = 1;
  return session;
}

server::ApiSources sources() {
  server::ApiSources sources;
  sources.status = [](const auto& use) { use(daemon::Status{}); };
  sources.history = [](const history::Question&, const auto& use) {
    use(std::vector<history::ProcessSample>(1));
  };
  sources.now_ms = [] { return std::int64_t{1'700'000'000'000}; };
  sources.session = [](pid_t pid, const auto& use) { use(session_of(pid)); };
  sources.check_leaks = [](pid_t pid, std::uint64_t, const auto& use) { use(session_of(pid)); };
  sources.memory = [](pid_t, const auto& use) {
    use(Error{ErrorKind::not_found, "look", "a process", "it has ended", {}});
  };
  sources.work = [](const auto& job) {
    job();
    return true;
  };
  sources.later = [](std::chrono::milliseconds, const auto& call) {
    call();
    return true;
  };
  sources.metrics = [](const auto& use) { use(server::MetricFacts{}); };
  sources.alerts.find = [](const history::AlertQuestion&, const auto& use) {
    use(server::AlertSources::Answer{{alerts::Alert{}}, {}});
  };
  sources.alerts.resolve = [](std::uint64_t id, const auto& use) {
    if (id % 2 == 0) return use(Result<void>());
    use(Result<void>(Error{ErrorKind::usage, "resolve", "it", "no", {}}));
  };
  return sources;
}

void as_request(const std::string& method, const std::string& target) {
  const server::Api api(sources());
  int answers = 0;
  api.handle({method, target}, [&](const server::HttpResponse& response) {
    ++answers;
    const bool is_good =
        response.status == 200 && response.content_type != "application/problem+json";
    const bool is_problem =
        response.status >= 400 && response.content_type == "application/problem+json";
    if (response.body.empty() || (!is_good && !is_problem)) abort();
  });
  if (answers != 1) abort();
}

void as_control(const std::string& bytes) {
  server::ControlAnswer answer;
  if (server::decode_answer(bytes, &answer)) {
    server::ControlAnswer again;
    if (!server::decode_answer(server::encode_answer(answer), &again)) abort();
    if (again.status != answer.status || again.text != answer.text) abort();
  }
  std::vector<std::string> words;
  if (!server::decode_question(bytes, &words) || words.empty()) return;
  const auto asked = server::read_history_question(words, 1'700'000'000'000);
  if (asked && asked->question.since_ms > 1'700'000'000'000) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  memwatch::fuzz::Input input(data, size);
  const bool is_request = input.take<char>() == 'r';
  const std::string rest(input.take_bytes(input.left()));
  if (is_request) {
    as_request("GET", rest);
    as_request("POST", rest);
  } else {
    as_control(rest);
  }
  return 0;
}
