// Help made for people: what a command does, its options in groups, an example, the next step.
// Thread safety: none. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/command.h"

namespace memwatch::cli {

// What `memwatch` and `memwatch --help` print.
std::string overview(const std::vector<Command>& commands);

// What `memwatch COMMAND --help` prints.
std::string command_help(const Command& command);

}  // namespace memwatch::cli
