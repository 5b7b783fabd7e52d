#include "tools/server/history_question.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "collector/procfs/text.h"
#include "tools/render/history.h"
#include "tools/render/output.h"

namespace memwatch::server {

bool read_history_question(const std::vector<std::string>& words, std::int64_t now_ms,
                           HistoryQuestion* asked) {
  if (words.size() != 6 && words.size() != 7) return false;
  asked->format = words[1];
  const auto seconds = procfs::parse_number(words[2]);
  const auto count = procfs::parse_number(words[3]);
  const auto width = procfs::parse_number(words[4]);
  if (!seconds || !count || !width ||
      (asked->format != "text" && asked->format != "json" && asked->format != "csv")) {
    return false;
  }
  constexpr std::uint64_t kMostSeconds = 1ULL << 32;
  if (*seconds > 0) {
    asked->question.since_ms =
        now_ms - static_cast<std::int64_t>(std::min(*seconds, kMostSeconds)) * 1000;
  }
  asked->question.count = *count;
  asked->options.width = static_cast<std::size_t>(std::clamp<std::uint64_t>(*width, 40, 1000));
  asked->options.color = words[5] == "1";
  if (words.size() == 7) {
    const auto pid = procfs::parse_number(words[6]);
    if (pid && *pid <= static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) {
      asked->question.pid = static_cast<pid_t>(*pid);
    } else {
      asked->question.name = words[6];
    }
  }
  return true;
}

ControlAnswer history_answer(const HistoryQuestion& asked, const history::History::Answer& answer) {
  constexpr int kFailed = 3;
  if (!answer) return {kFailed, answer.error().to_line()};
  render::StringOutput output;
  if (asked.format == "json") {
    render::write_history_json(*answer, output);
  } else if (asked.format == "csv") {
    render::write_history_csv(*answer, output);
  } else {
    output.write(render::history_text(*answer, asked.options));
  }
  return {0, output.text()};
}

}  // namespace memwatch::server
