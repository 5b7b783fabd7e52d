// A path of the REST interface and how it is answered; the tables of all paths are in api_*.cpp.
// Answers may be called on any thread, and reply once, from any thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/daemon/fleet.h"
#include "collector/daemon/status.h"
#include "collector/history/history.h"
#include "tools/server/alert_pages.h"
#include "tools/server/http_message.h"
#include "tools/server/metrics.h"
#include "tools/server/request_target.h"

namespace memwatch::server {

using ApiReply = std::function<void(HttpResponse)>;

// Where answers come from. What is handed to a callback is the callback's; callbacks are called on
// the daemon's own thread (`history`: on the history's) and must not take long there: `work` is for
// that.
struct ApiSources {
  template <typename... Given>
  using Use = std::function<void(Given...)>;

  std::function<void(Use<const daemon::Status&>)> status;
  std::function<void(history::Question, Use<history::History::Answer>)> history;
  std::function<std::int64_t()> now_ms;  // since the Unix epoch
  AlertSources alerts{};

  // Of one process; Fleet says what they are.
  std::function<void(pid_t, Use<Result<model::Session>>)> session{};
  std::function<void(pid_t, Use<Result<daemon::Fleet::MemoryOfProcess>>)> memory{};
  // One that is not recorded exactly is watched for so many seconds first.
  std::function<void(pid_t, std::uint64_t, Use<Result<model::Session>>)> check_leaks{};
  // What takes long, on a thread for it. False: too much is waiting already.
  std::function<bool(std::function<void()>)> work{};
  // On the daemon's thread, later. False: too much is being waited for already.
  std::function<bool(std::chrono::milliseconds, std::function<void()>)> later{};
  std::function<void(Use<const MetricFacts&>)> metrics{};
  std::string symbol_cache{};  // directory; "": none
  // What else the history has. None of recordings.
  std::function<void(history::ConsumerQuestion, Use<history::History::ConsumerAnswer>)> consumers{};
  std::function<void(history::Question, Use<history::History::OperationAnswer>)> operations{};
  // Leaks were judged, and suppressed, when the session was recorded.
  bool has_final_verdicts = false;
};

struct Route {
  std::vector<std::string_view> path;  // "*" any part
  std::vector<std::string_view> query;
  std::string_view method;
  void (*answer)(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply);
};

// The tables, and all of them.
const std::vector<const std::vector<Route>*>& route_tables();
const std::vector<Route>& status_routes();
const std::vector<Route>& memory_routes();
const std::vector<Route>& analysis_routes();
const std::vector<Route>& report_routes();
const std::vector<Route>& metric_routes();

HttpResponse json_response(std::string text);

// What an error is to somebody who asked by HTTP.
HttpResponse problem_of(const Error& error);

// A whole number of the query below `limit`; `absent` where there is none. Empty: it is no number.
std::optional<std::uint64_t> number_in(const RequestTarget& target, const std::string& key,
                                       std::uint64_t absent, std::uint64_t limit);
std::optional<pid_t> pid_in(const std::string& text);

// The process that "pid" in the query names. Empty: it names none, and that has been answered.
std::optional<pid_t> asked_process(const RequestTarget& target, const ApiReply& reply);

// Does it off the daemon's thread; says so where too much is waiting.
void work_off_thread(const ApiSources& sources, const ApiReply& reply,
                     std::function<HttpResponse()> make);

}  // namespace memwatch::server
