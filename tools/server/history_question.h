// The question `history` of the control socket, answered by the history's own thread:
//
//   history WHAT(samples|consumers|operations) FORMAT(text|json|csv) SECONDS COUNT WIDTH
//           COLOUR(0|1) [PID or NAME]
//
// Reading the words and laying out the answer are pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collector/history/history.h"
#include "tools/render/render_options.h"
#include "tools/server/control_protocol.h"

namespace memwatch::server {

struct HistoryQuestion {
  history::Question question;
  std::string what, format;
  render::RenderOptions options;
};

// None: the words make no sense.
std::optional<HistoryQuestion> read_history_question(const std::vector<std::string>& words,
                                                     std::int64_t now_ms);

// The answer comes from the history's thread.
void answer_history_question(const HistoryQuestion& asked, history::History& history,
                             std::function<void(const ControlAnswer&)> answer);

}  // namespace memwatch::server
