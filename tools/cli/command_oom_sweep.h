// `memwatch oom-sweep`: makes one allocation site of a program fail after another, each in a run of
// its own, and tells which runs crash, hang or leak.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_oom_sweep(CLI::App& root);

}  // namespace memwatch::cli
