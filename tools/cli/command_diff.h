// `memwatch diff OLD NEW`: what grew and what shrank between two recorded sessions.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_diff(CLI::App& root);

}  // namespace memwatch::cli
