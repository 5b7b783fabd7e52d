// Turns what the option parser complains about into one line a person can act on, with the nearest
// right option or command.
// Thread safety: none. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/command.h"

namespace memwatch::cli {

// `command` is null where no known command was named. Without the leading "memwatch: ".
std::string usage_error(const CLI::App& root, const Command* command,
                        const std::vector<Command>& commands, const CLI::ParseError& error);

}  // namespace memwatch::cli
