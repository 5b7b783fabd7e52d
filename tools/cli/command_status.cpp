#include "tools/cli/command_status.h"

#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "tools/cli/daemon_answer.h"
#include "tools/cli/options.h"
#include "tools/cli/text_options.h"

namespace memwatch::cli {

namespace {

constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};

struct Options {
  std::string format = "text";
  TextOptions text;
};

int execute(const Options& options) {
  if (options.format == "json") return print_daemon_answer({"status", "json"});
  const render::RenderOptions render = render_options(options.text, STDOUT_FILENO);
  return print_daemon_answer(
      {"status", "text", std::to_string(render.width), render.color ? "1" : "0"});
}

}  // namespace

Command register_status(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("status", "Show what the daemon watches, and its events");
  const auto options = std::make_shared<Options>();
  add_choice(*app, "--format", options->format, kFormats, "How to show it")->group("Output");
  add_text_options(*app, options->text);
  app->footer("The next step: memwatch leaks PID, or memwatch report of a recorded session");
  return Command{app, [options] { return execute(*options); }, "memwatch status [options]"};
}

}  // namespace memwatch::cli
