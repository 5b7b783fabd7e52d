#include "tools/cli/command_version.h"

#include <cstdio>

namespace memwatch::cli {

Command register_version(CLI::App& root) {
  CLI::App* const app = root.add_subcommand("version", "Print the version of memwatch");
  const auto execute = [] {
    std::puts("memwatch " MEMWATCH_VERSION);
    return std::fflush(stdout) == 0 ? exit_status::kDone : exit_status::kBadInput;
  };
  return Command{app, execute, "memwatch version"};
}

}  // namespace memwatch::cli
