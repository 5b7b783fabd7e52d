#include "tools/server/questions.h"

#include <algorithm>
#include <optional>

#include "collector/procfs/text.h"
#include "tools/render/output.h"
#include "tools/render/status.h"

namespace memwatch::server {

namespace {

constexpr int kWrongUsage = 2, kFailed = 3;

ControlAnswer refusal(const std::string& line) {
  return {kWrongUsage, line};
}

ControlAnswer status_answer(const std::vector<std::string>& words, const daemon::Status& status) {
  if (words.size() == 2 && words[1] == "json") {
    render::StringOutput output;
    render::write_status_json(status, output);
    return {0, output.text()};
  }
  if (words.size() == 4 && words[1] == "text") {
    render::RenderOptions options;
    options.width = static_cast<std::size_t>(
        std::clamp<std::uint64_t>(procfs::parse_number(words[2]).value_or(100U), 40, 1000));
    options.color = words[3] == "1";
    return {0, render::status_text(status, options)};
  }
  return refusal("status: unknown question");
}

ControlAnswer change_answer(const Result<void>& done, std::string sentence) {
  if (done) return {0, std::move(sentence) + "\n"};
  return {done.error().kind == ErrorKind::usage ? kWrongUsage : kFailed, done.error().to_line()};
}

std::string names_text(const daemon::WatchList& list) {
  std::string text;
  for (const std::string& name : list.configured()) text += name + "\n";
  for (const std::string& name : list.added()) text += name + "\n";
  return text;
}

}  // namespace

ControlAnswer answer_question(const std::vector<std::string>& words, daemon::Fleet& fleet,
                              const std::function<daemon::Status()>& status) {
  if (words.empty()) return refusal("the daemon was asked nothing");
  if (words[0] == "status") return status_answer(words, status());
  if (words[0] != "watch" || words.size() < 2) {
    return refusal(words[0] + ": this daemon does not know the command");
  }
  const daemon::WatchList& list = fleet.watch_list();
  if (words[1] == "list" && words.size() == 2) return {0, names_text(list)};
  if (words.size() == 3 && words[1] == "add") {
    const bool was_empty = list.is_empty();
    const Result<void> added = fleet.watch(words[2]);
    return change_answer(
        added, "watching " + words[2] + (was_empty ? ", and nothing else from now on" : ""));
  }
  if (words.size() == 3 && words[1] == "remove") {
    const Result<void> removed = fleet.unwatch(words[2]);
    return change_answer(
        removed, "no longer watching " + words[2] +
                     (list.is_empty() ? "; the list is empty, so every process that carries "
                                        "the library is watched"
                                      : ""));
  }
  return refusal("watch: unknown question");
}

}  // namespace memwatch::server
