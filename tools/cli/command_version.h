// `memwatch version`: the version, on stdout.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_version(CLI::App& root);

}  // namespace memwatch::cli
