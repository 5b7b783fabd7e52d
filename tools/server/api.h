// The daemon's REST interface, version 1: which path is answered with what. Knows no sockets.
// docs/openapi.json describes it for programs; docs/watching.md for people.
//
// handle() may be called from any thread; the reply comes once, from any thread, perhaps before
// handle() returns. Errors are answers: application/problem+json.
#pragma once

#include <cstdint>
#include <functional>

#include "collector/daemon/status.h"
#include "collector/history/history.h"
#include "tools/server/alert_pages.h"
#include "tools/server/http_message.h"

namespace memwatch::server {

class Api {
 public:
  using Reply = std::function<void(HttpResponse)>;
  // Where answers come from.
  struct Sources {
    std::function<void(std::function<void(const daemon::Status&)>)> status;
    std::function<void(history::Question, std::function<void(history::History::Answer)>)> history;
    std::function<std::int64_t()> now_ms;  // since the Unix epoch
    AlertSources alerts;
  };

  explicit Api(Sources sources) : sources_(std::move(sources)) {}

  void handle(const HttpRequest& request, Reply reply) const;

 private:
  Sources sources_;
};

}  // namespace memwatch::server
