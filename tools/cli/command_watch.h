// `memwatch watch add|remove|list`: the names that the daemon watches.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_watch(CLI::App& root);

}  // namespace memwatch::cli
