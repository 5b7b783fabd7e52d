// `memwatch daemon`: watches processes for as long as it runs.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_daemon(CLI::App& root);

}  // namespace memwatch::cli
