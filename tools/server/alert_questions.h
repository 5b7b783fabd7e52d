// What comes over the control socket about alerts:
//
//   alerts list text|json STATE(active|resolved|all) COUNT WIDTH COLOUR(0|1)
//   alerts resolve ID                                       test-alert KIND
//
// Called from the daemon's thread; the answer comes once, from any thread. False: it is none of
// these.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/server/alert_desk.h"
#include "tools/server/control_protocol.h"

namespace memwatch::server {

bool answer_alert_question(const std::vector<std::string>& words, AlertDesk& desk,
                           std::int64_t now_ms,
                           const std::function<void(const ControlAnswer&)>& answer);

}  // namespace memwatch::server
