#include "tools/cli/program.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <string_view>

#include "tools/cli/commands.h"
#include "tools/cli/environment.h"
#include "tools/cli/help_text.h"
#include "tools/cli/message.h"
#include "tools/cli/usage_error.h"
#include "tools/notify/helper.h"

namespace memwatch::cli {
namespace {

// The command whose name stands in the arguments, before they are parsed: only its options may be
// read from the environment, or a bad MEMWATCH_VIEW would keep `memwatch doctor` from starting.
Command* named_command(std::vector<Command>& commands, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with('-')) continue;
    for (Command& command : commands) {
      if (command.app->get_name() == argument) return &command;
    }
    break;
  }
  return nullptr;
}

int print_text(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? exit_status::kDone : exit_status::kBadInput;
}

int dispatch(CLI::App& root, std::vector<Command>& commands, int argc, char** argv) {
  Command* const command = named_command(commands, argc, argv);
  if (command != nullptr) name_environment(*command->app);
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print_text(command == nullptr ? overview(commands) : command_help(*command));
  } catch (const CLI::CallForVersion&) {
    return print_text(fmt::format("memwatch {}\n", MEMWATCH_VERSION));
  } catch (const CLI::ParseError& error) {
    print_error(usage_error(root, command, commands, error));
    return command == nullptr ? exit_status::kWrongUsage : command->wrong_usage;
  }
  if (command == nullptr) return print_text(overview(commands));
  return command->execute();
}

}  // namespace

int run_program(int argc, char** argv) {
  if (const std::optional<int> status = notify::run_as_helper(argc, argv)) return *status;
  int status_of_exception = exit_status::kBadInput;
  try {
    CLI::App root;
    root.name("memwatch");
    root.set_help_flag("-h,--help", "Show this help");
    root.set_version_flag("--version", "");
    // One command; the words after it are its own, even where they are names of commands.
    root.require_subcommand(0, 1);
    std::vector<Command> commands = register_commands(root);
    for (const Command& command : commands) {
      command.app->set_help_flag("-h,--help", "Show this help")->group("Other");
    }
    if (const Command* command = named_command(commands, argc, argv)) {
      status_of_exception = command->internal_failure;
    }
    return dispatch(root, commands, argc, argv);
  } catch (const std::bad_alloc&) {
    print_error("go on: out of memory");
  } catch (const std::exception& error) {
    print_error(fmt::format("go on: internal error: {}", error.what()));
  }
  return status_of_exception;
}

}  // namespace memwatch::cli
