// `memwatch gate`: measures a program, or takes recorded sessions, and compares with a baseline and
// a budget, for use in continuous integration.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_gate(CLI::App& root);

}  // namespace memwatch::cli
