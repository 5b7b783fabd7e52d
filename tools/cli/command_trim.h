// `memwatch trim PID`: asks a process to give its allocator's free memory back to the system.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_trim(CLI::App& root);

}  // namespace memwatch::cli
