#include "tools/cli/command_history.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "tools/cli/daemon_answer.h"
#include "tools/cli/options.h"
#include "tools/cli/text_options.h"

namespace memwatch::cli {

namespace {

constexpr std::array<std::string_view, 3> kFormats = {"text", "json", "csv"};
constexpr std::array<std::string_view, 3> kWhat = {"samples", "consumers", "operations"};
constexpr std::uint64_t kMostSamples = 100'000;

struct Options {
  std::string process;
  std::string what = "samples";
  std::string format = "text";
  std::chrono::nanoseconds last{0};
  std::uint64_t count = 60;
  TextOptions text;
};

int execute(const Options& options) {
  const render::RenderOptions render = render_options(options.text, STDOUT_FILENO);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.last).count();
  std::vector<std::string> words = {"history",
                                    options.what,
                                    options.format,
                                    std::to_string(seconds),
                                    std::to_string(options.count),
                                    std::to_string(render.width),
                                    render.color ? "1" : "0"};
  if (!options.process.empty()) words.push_back(options.process);
  return print_daemon_answer(words, "history: there is nothing yet of what was asked for");
}

}  // namespace

Command register_history(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("history", "Show what the daemon saw of a process, or of all");
  const auto options = std::make_shared<Options>();
  app->add_option("PROCESS", options->process, "A pid, or the name of a program");
  add_choice(*app, "--what", options->what, kWhat,
             "Memory over time, who used the heap, or what was done with large blocks")
      ->group("Selection");
  add_duration(*app, "--last", options->last, "What is younger than this", "all")
      ->group("Selection");
  add_count(*app, "--count", options->count, kMostSamples, "At most so many rows, the latest", "60")
      ->group("Selection");
  add_choice(*app, "--format", options->format, kFormats, "How to show them")->group("Output");
  add_text_options(*app, options->text);
  app->footer(
      "A sample is a second at first, the mean of a minute after an hour, of ten after a day.\n"
      "Consumers: the largest sites of each process and how much they have grown in the time; "
      "with\n"
      "json and csv all that was kept: each minute, after an hour each ten, after a day each "
      "hour.\n"
      "Operations: large blocks that were allocated, moved and freed, and failures, of a day.\n"
      "Examples:\n"
      "  memwatch history server --last 10m\n"
      "  memwatch history server --what consumers --last 24h\n"
      "  memwatch history --count 100000 --format csv > all.csv");
  return Command{app, [options] { return execute(*options); },
                 "memwatch history [options] [PID|NAME]"};
}

}  // namespace memwatch::cli
