// What a webhook, a file of lines and a command are given: {"event": "raised|escalated|resolved",
// "host": "…", "alert": {…}}, the alert as in /api/v1/alerts, on one line. Pure but for the host.
#pragma once

#include <string>
#include <string_view>

#include "collector/alerts/engine.h"

namespace memwatch::notify {

std::string_view event_name(alerts::Notice::Kind kind);
std::string host_name();
std::string alert_json_line(const alerts::Notice& notice);  // without a newline

}  // namespace memwatch::notify
