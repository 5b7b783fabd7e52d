#include "tools/cli/commands.h"

#include "tools/cli/command_report.h"
#include "tools/cli/command_version.h"

namespace memwatch::cli {

std::vector<Command> register_commands(CLI::App& root) {
  return {
      // Recording: run, attach, list.
      // Reading what was recorded.
      register_report(root),
      // About memwatch itself.
      register_version(root),
  };
}

}  // namespace memwatch::cli
