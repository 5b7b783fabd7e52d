#include "tools/cli/command_top.h"

#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "tools/cli/message.h"
#include "tools/cli/options.h"
#include "tools/cli/text_options.h"
#include "tools/render/output.h"
#include "tools/top/top.h"

namespace memwatch::cli {

namespace {

constexpr std::array<std::pair<std::string_view, top::SortKey>, 5> kKeys = {{
    {"heap", top::SortKey::heap},
    {"rss", top::SortKey::rss},
    {"rate", top::SortKey::rate},
    {"pid", top::SortKey::pid},
    {"name", top::SortKey::name},
}};
constexpr std::array<std::string_view, 5> kKeyNames = {"heap", "rss", "rate", "pid", "name"};
constexpr std::chrono::milliseconds kLeastInterval{100};

struct Options {
  bool once = false;
  std::string sort = "heap";
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  TextOptions text;
};

int failed(const Error& error) {
  print_error(error);
  return exit_status::of(error.kind);
}

int execute(const Options& options) {
  const render::RenderOptions render = render_options(options.text, STDOUT_FILENO);
  top::TopOptions wanted;
  wanted.interval =
      std::max(kLeastInterval, std::chrono::ceil<std::chrono::milliseconds>(options.interval));
  wanted.color = render.color;
  for (const auto& [name, key] : kKeys) {
    if (name == options.sort) wanted.sort = key;
  }
  if (!options.once) {
    const Result<int> ended = top::run_top(wanted);
    return ended ? exit_status::kDone : failed(ended.error());
  }
  const Result<std::string> text = top::top_once(wanted, render.width);
  if (!text) return failed(text.error());
  render::FdOutput output(STDOUT_FILENO, "standard output");
  output.write(*text);
  const Result<void> written = output.finish();
  return written ? exit_status::kDone : failed(written.error());
}

}  // namespace

Command register_top(CLI::App& root) {
  CLI::App* const app = root.add_subcommand("top", "The daemon's processes, live");
  const auto options = std::make_shared<Options>();
  add_choice(*app, "--sort", options->sort, kKeyNames, "What comes first")->group("Selection");
  add_duration(*app, "--interval", options->interval, "Between two looks, 100ms at least", "1s")
      ->group("Selection");
  app->add_flag("--once", options->once, "Print one frame as text, after one interval")
      ->group("Output");
  add_text_options(*app, options->text);
  app->footer(
      "Keys: up and down choose a process, Enter shows its largest sites, l checks it for leaks,\n"
      "h r a p n sort, ? explains, q quits.\n"
      "Examples:\n"
      "  memwatch top --sort rate\n"
      "  memwatch top --once > now.txt");
  return Command{app, [options] { return execute(*options); }, "memwatch top [options]"};
}

}  // namespace memwatch::cli
