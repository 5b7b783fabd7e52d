// `memwatch test-alert [KIND]`: is everybody told who should be?
#pragma once

#include "tools/cli/command.h"

namespace memwatch::cli {

Command register_test_alert(CLI::App& root);

}  // namespace memwatch::cli
