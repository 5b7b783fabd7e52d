// `memwatch alerts [list|resolve ID]`: what the daemon is alerting of, and was.
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_alerts(CLI::App& root);

}  // namespace memwatch::cli
