// `memwatch leaks`: a leak check of a running process, which goes on.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_leaks(CLI::App& root);

}  // namespace memwatch::cli
