// The table of all commands, in the order in which the help lists them.
#pragma once

#include <vector>

#include "tools/cli/command.h"

namespace memwatch::cli {

std::vector<Command> register_commands(CLI::App& root);

}  // namespace memwatch::cli
