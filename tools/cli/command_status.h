// `memwatch status`: what the daemon knows now.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_status(CLI::App& root);

}  // namespace memwatch::cli
