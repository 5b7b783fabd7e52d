// The question `history` of the control socket, answered by the history's own thread:
//
//   history FORMAT(text|json|csv) SECONDS COUNT WIDTH COLOUR(0|1) [PID or NAME]
//
// Reading the words and laying out the answer are pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/history/history.h"
#include "tools/render/render_options.h"
#include "tools/server/control_protocol.h"

namespace memwatch::server {

struct HistoryQuestion {
  history::Question question;
  std::string format;
  render::RenderOptions options;
};

// False: the words make no sense.
bool read_history_question(const std::vector<std::string>& words, std::int64_t now_ms,
                           HistoryQuestion* asked);

ControlAnswer history_answer(const HistoryQuestion& asked, const history::History::Answer& answer);

}  // namespace memwatch::server
