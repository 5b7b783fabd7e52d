// `memwatch report SESSION`: views of a recorded session as text, JSON, collapsed stacks or CSV.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_report(CLI::App& root);

}  // namespace memwatch::cli
