// `memwatch list`: the processes of this user that carry a ring.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_list(CLI::App& root);

}  // namespace memwatch::cli
