#include "tools/server/alert_questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/procfs/text.h"
#include "tools/render/alerts.h"
#include "tools/render/output.h"
#include "tools/render/printable.h"

namespace memwatch::server {

namespace {

using Answer = std::function<void(const ControlAnswer&)>;

constexpr int kConditionFailed = 1, kWrongUsage = 2, kFailed = 3;

void list(const std::vector<std::string>& words, AlertDesk& desk, std::int64_t now_ms,
          const Answer& answer) {
  history::AlertQuestion question;
  if (words[3] == "active") question.state = history::AlertState::active;
  if (words[3] == "resolved") question.state = history::AlertState::resolved;
  question.count = procfs::parse_number(words[4]).value_or(100U);
  render::RenderOptions options;
  options.width = static_cast<std::size_t>(
      std::clamp<std::uint64_t>(procfs::parse_number(words[5]).value_or(100U), 40, 1000));
  options.color = words[6] == "1";
  desk.find(question, [answer, options, now_ms, is_json = words[2] == "json",
                       status = desk.status()](const Result<std::vector<alerts::Alert>>& found) {
    if (!found) return answer({kFailed, found.error().to_line()});
    if (!is_json) return answer({0, render::alerts_text(*found, status, now_ms, options)});
    render::StringOutput output;
    render::write_alerts_json(*found, status, output);
    answer({0, output.text()});
  });
}

void resolve(const std::string& word, AlertDesk& desk, const Answer& answer) {
  const auto id = procfs::parse_number(word);
  const Result<void> done = desk.resolve(id.value_or(0U));
  if (!done) return answer({kWrongUsage, done.error().to_line()});
  answer({0, fmt::format("alert {} is resolved\n", *id)});
}

ControlAnswer test_answer(const AlertTest& test) {
  ControlAnswer answer;
  for (const AlertTest::Line& line : test.lines()) {
    answer.text += fmt::format("{:<13} {}: {}\n", line.channel, line.is_success ? "told" : "failed",
                               render::printable(line.text));
    if (!line.is_success) answer.status = kConditionFailed;
  }
  if (test.lines().empty()) {
    return {kConditionFailed,
            "nobody is told of alerts: memwatch.toml has console = false, and no "
            "other channel\n"};
  }
  return answer;
}

}  // namespace

bool answer_alert_question(const std::vector<std::string>& words, AlertDesk& desk,
                           std::int64_t now_ms, const Answer& answer) {
  if (words.size() == 7 && words[0] == "alerts" && words[1] == "list") {
    list(words, desk, now_ms, answer);
  } else if (words.size() == 3 && words[0] == "alerts" && words[1] == "resolve") {
    resolve(words[2], desk, answer);
  } else if (words.size() == 2 && words[0] == "test-alert") {
    const auto type = alerts::type_named(words[1]);
    if (!type) {
      answer({kWrongUsage, "test-alert: " + words[1] + ": there are no such alerts"});
    } else {
      desk.test(*type, [answer](const AlertTest& test) { answer(test_answer(test)); });
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace memwatch::server
