#include "tools/cli/command_doctor.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "tools/cli/doctor_machine.h"
#include "tools/cli/doctor_target.h"
#include "tools/cli/message.h"
#include "tools/cli/text_options.h"
#include "tools/render/output.h"
#include "tools/render/paint.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::cli {
namespace {

struct DoctorOptions {
  TextOptions text;
  std::vector<std::string> command;
};

int execute(const DoctorOptions& options) {
  const render::RenderOptions layout = render_options(options.text, STDOUT_FILENO);
  const render::Painter paint(layout.color);
  const std::vector<render::Check> machine = check_machine();
  bool works = render::will_work(machine);
  std::string text = render::render_checks("This machine", machine, layout);
  if (!options.command.empty()) {
    const std::vector<render::Check> target = check_target(options.command.front());
    works = works && render::will_work(target);
    text += "\n" + render::render_checks("The program " + options.command.front(), target, layout);
  }
  const std::string command =
      options.command.empty() ? "CMD" : render::printable(render::command_line(options.command));
  if (works) {
    text +=
        "\n" + paint(render::Tone::good, "It will work.") + " Next: " +
        paint(render::Tone::command,
              (options.command.empty() ? "memwatch doctor -- " : "memwatch run -- ") + command) +
        "\n";
  } else {
    text += "\n" + paint(render::Tone::bad, "It will not work") +
            " until what says FAIL above is mended.\n";
  }
  render::FdOutput output(STDOUT_FILENO, "standard output");
  output.write(text);
  if (const Result<void> written = output.finish(); !written) {
    print_error(written.error());
    return exit_status::kBadInput;
  }
  return works ? exit_status::kDone : exit_status::kConditionFailed;
}

}  // namespace

Command register_doctor(CLI::App& root) {
  CLI::App* const app = root.add_subcommand("doctor", "Check this machine and a program");
  const auto options = std::make_shared<DoctorOptions>();
  // The first word of CMD ends the options, so that CMD keeps its own.
  app->positionals_at_end();
  app->add_option("CMD", options->command, "The program to check; it is not run");
  add_text_options(*app, options->text);
  app->footer(
      "Examples:\n"
      "  memwatch doctor                 is everything there on this machine?\n"
      "  memwatch doctor -- ./server     can this program be traced, and with which names?\n"
      "\n"
      "Exit status: 0 it will work, 1 it will not.");
  return Command{app, [options] { return execute(*options); },
                 "memwatch doctor [options] [-- CMD]"};
}

}  // namespace memwatch::cli
