// Every option of a command can also be set in the environment: --on-full as MEMWATCH_ON_FULL. The
// command line wins.
// Thread safety: none; called once at start.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace memwatch::cli {

// Gives each option of the command that has a long name its variable; --help has none.
void name_environment(CLI::App& command);

// "MEMWATCH_ON_FULL" for "on-full".
std::string environment_name(std::string_view long_option);

}  // namespace memwatch::cli
