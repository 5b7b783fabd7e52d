#include "tools/server/history_question.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>

#include "collector/procfs/text.h"
#include "tools/render/history.h"
#include "tools/render/history_consumers.h"
#include "tools/render/history_operations.h"
#include "tools/render/output.h"

namespace memwatch::server {

namespace {

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// `write` as JSON or CSV, `text` for a person.
template <typename Answer, typename Text, typename Write>
ControlAnswer laid_out(const HistoryQuestion& asked, const Answer& answer, const Text& text,
                       const Write& write) {
  constexpr int kFailed = 3;
  if (!answer) return {kFailed, answer.error().to_line()};
  render::StringOutput output;
  if (asked.format == "text") {
    output.write(text(*answer, asked.options));
  } else {
    write(*answer, asked.format == "json", output);
  }
  return {0, output.text()};
}

}  // namespace

std::optional<HistoryQuestion> read_history_question(const std::vector<std::string>& words,
                                                     std::int64_t now_ms) {
  if (words.size() != 7 && words.size() != 8) return std::nullopt;
  HistoryQuestion asked;
  asked.what = words[1];
  asked.format = words[2];
  const auto seconds = procfs::parse_number(words[3]);
  const auto count = procfs::parse_number(words[4]);
  const auto width = procfs::parse_number(words[5]);
  if (!seconds || !count || !width ||
      !is_one_of(asked.what, {"samples", "consumers", "operations"}) ||
      !is_one_of(asked.format, {"text", "json", "csv"})) {
    return std::nullopt;
  }
  constexpr std::uint64_t kMostSeconds = 1ULL << 32;
  if (*seconds > 0) {
    asked.question.since_ms =
        now_ms - static_cast<std::int64_t>(std::min(*seconds, kMostSeconds)) * 1000;
  }
  asked.question.count = *count;
  asked.options.width = static_cast<std::size_t>(std::clamp<std::uint64_t>(*width, 40, 1000));
  asked.options.color = words[6] == "1";
  if (words.size() == 8) {
    const auto pid = procfs::parse_number(words[7]);
    if (pid && *pid <= static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) {
      asked.question.pid = static_cast<pid_t>(*pid);
    } else {
      asked.question.name = words[7];
    }
  }
  return asked;
}

void answer_history_question(const HistoryQuestion& asked, history::History& history,
                             std::function<void(const ControlAnswer&)> answer) {
  using render::Output;
  if (asked.what == "consumers") {
    history::ConsumerQuestion question{asked.question, asked.format == "text"};
    if (question.ends_alone) question.question.count = history::kMostRoundsAsked;
    return history.find_consumers(question, [asked, answer = std::move(answer)](const auto& found) {
      const auto text = [&](const auto& given, const auto& options) {
        return render::consumer_history_text(given, asked.question.count, options);
      };
      answer(laid_out(asked, found, text, [](const auto& given, bool as_json, Output& output) {
        as_json ? render::write_consumer_history_json(given, output)
                : render::write_consumer_history_csv(given, output);
      }));
    });
  }
  if (asked.what == "operations") {
    return history.find_operations(
        asked.question, [asked, answer = std::move(answer)](const auto& found) {
          answer(laid_out(asked, found, render::operations_text,
                          [](const auto& given, bool as_json, Output& output) {
                            as_json ? render::write_operations_json(given, output)
                                    : render::write_operations_csv(given, output);
                          }));
        });
  }
  history.ask(asked.question, [asked, answer = std::move(answer)](const auto& found) {
    answer(laid_out(asked, found, render::history_text,
                    [](const auto& given, bool as_json, Output& output) {
                      as_json ? render::write_history_json(given, output)
                              : render::write_history_csv(given, output);
                    }));
  });
}

}  // namespace memwatch::server
