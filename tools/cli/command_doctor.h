// `memwatch doctor [-- CMD]`: whether this machine and this program can be traced, and what to do
// if not. Exit 0 if it will work, 1 if not.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_doctor(CLI::App& root);

}  // namespace memwatch::cli
