// `memwatch history`: what the daemon saw earlier.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_history(CLI::App& root);

}  // namespace memwatch::cli
