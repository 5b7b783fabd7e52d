#include "tools/cli/command_alerts.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "tools/cli/daemon_answer.h"
#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/text_options.h"

namespace memwatch::cli {

namespace {

constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
constexpr std::array<std::string_view, 3> kStates = {"active", "resolved", "all"};
constexpr std::uint64_t kMostAlerts = 100'000;

struct Options {
  std::string action = "list", id;
  std::string format = "text", state = "active";
  std::uint64_t count = 20;
  TextOptions text;
};

int wrong_usage(const std::string& why) {
  print_error("alerts: " + why);
  return exit_status::kWrongUsage;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int execute(const Options& options) {
  if (options.action == "resolve") {
    if (!is_number(options.id)) return wrong_usage("resolve: name an alert by its number");
    return print_daemon_answer({"alerts", "resolve", options.id});
  }
  if (options.action != "list") return wrong_usage(options.action + ": expected list or resolve");
  if (!options.id.empty()) return wrong_usage("list takes no number");
  const render::RenderOptions render = render_options(options.text, STDOUT_FILENO);
  return print_daemon_answer({"alerts", "list", options.format, options.state,
                              std::to_string(options.count), std::to_string(render.width),
                              render.color ? "1" : "0"});
}

}  // namespace

Command register_alerts(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("alerts", "Show what the daemon is alerting of, or resolve an alert");
  const auto options = std::make_shared<Options>();
  app->add_option("ACTION", options->action, "list (also without a word) or resolve");
  app->add_option("ID", options->id, "The number of the alert to resolve");
  add_choice(*app, "--state", options->state, kStates, "Which of them")->group("Selection");
  add_count(*app, "--count", options->count, kMostAlerts, "At most so many, the latest", "20")
      ->group("Selection");
  add_choice(*app, "--format", options->format, kFormats, "How to show them")->group("Output");
  add_text_options(*app, options->text);
  app->footer(
      "An alert resolves itself when what it tells of has ended. One that is resolved by hand is\n"
      "not told again before that. What is alerted of is in memwatch.toml: docs/watching.md.\n"
      "Examples:\n"
      "  memwatch alerts\n"
      "  memwatch alerts list --state all --format json\n"
      "  memwatch alerts resolve 12");
  return Command{app, [options] { return execute(*options); },
                 "memwatch alerts [list|resolve ID] [options]"};
}

}  // namespace memwatch::cli
