// `memwatch run [options] -- CMD [ARG…]`: starts a program under the shim and records it and its
// children. The program's standard streams and exit status are its own.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_run(CLI::App& root);

}  // namespace memwatch::cli
