// `memwatch attach PID` and `--all`: records processes that already run with the shim loaded, for a
// while or until Ctrl-C, and lets them run on.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_attach(CLI::App& root);

}  // namespace memwatch::cli
