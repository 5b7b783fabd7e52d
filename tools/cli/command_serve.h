// `memwatch serve`: the dashboard over recorded sessions.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_serve(CLI::App& root);

}  // namespace memwatch::cli
