// `memwatch top`: the daemon's processes in a terminal, as they are now (tools/top).
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_top(CLI::App& root);

}  // namespace memwatch::cli
