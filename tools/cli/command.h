// What a command of memwatch is to the program: its options, what it does, how it fails.
//
// register_<verb>(root) adds a subcommand with its options to `root` and returns a Command whose
// execute() runs after the options were parsed. State that both need lives in a shared_ptr that the
// callbacks own. execute() returns the exit status and prints its own errors (message.h); mistakes
// in the options are reported by the program before execute() is called. Options get their
// MEMWATCH_<NAME> from the program (environment.h); groups (->group("Selection")) become headings
// of the help; the app's footer holds an example and the next step.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "tools/cli/exit_status.h"

namespace memwatch::cli {

struct Command {
  CLI::App* app = nullptr;
  std::function<int()> execute;
  std::string usage;                              // "memwatch report [options] SESSION"
  int wrong_usage = exit_status::kWrongUsage;     // status for mistakes in the options
  int internal_failure = exit_status::kBadInput;  // status if an exception escapes execute()
};

}  // namespace memwatch::cli
