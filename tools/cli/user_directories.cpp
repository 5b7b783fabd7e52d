#include "tools/cli/user_directories.h"

#include <cstdlib>

namespace memwatch::cli {

namespace {

// A relative path is to be ignored, says the specification.
std::string directory(const char* variable, const char* below_home) {
  const char* value = getenv(variable);
  if (value != nullptr && value[0] == '/') return std::string(value) + "/memwatch";
  const char* home = getenv("HOME");
  if (home == nullptr || home[0] != '/') return {};
  return std::string(home) + below_home + "/memwatch";
}

}  // namespace

std::string config_directory() {
  return directory("XDG_CONFIG_HOME", "/.config");
}

std::string state_directory() {
  return directory("XDG_STATE_HOME", "/.local/state");
}

}  // namespace memwatch::cli
