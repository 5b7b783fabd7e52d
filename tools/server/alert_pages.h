// The REST pages about alerts:
//
//   GET  /api/v1/alerts?state=active|resolved|all&seconds=&count=     (default: all, the latest
//   1000) GET  /api/v1/alerts/ID POST /api/v1/alerts/ID/resolve
//
// Thread safety and errors as api.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/alerts/alert_status.h"
#include "collector/base/result.h"
#include "collector/history/sample.h"
#include "tools/server/http_message.h"
#include "tools/server/request_target.h"

namespace memwatch::server {

struct AlertSources {
  struct Answer {
    std::vector<alerts::Alert> alerts;
    alerts::AlertStatus status;
  };
  std::function<void(history::AlertQuestion, std::function<void(Result<Answer>)>)> find;
  // Error of kind usage: no such alert is active.
  std::function<void(std::uint64_t id, std::function<void(Result<void>)>)> resolve;
};

// False: the path is none of these pages'.
bool answer_alert_page(const HttpRequest& request, const RequestTarget& target, std::int64_t now_ms,
                       const AlertSources& sources, const std::function<void(HttpResponse)>& reply);

}  // namespace memwatch::server
