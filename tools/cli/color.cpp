#include "tools/cli/color.h"

#include <unistd.h>

#include <cstdlib>

namespace memwatch::cli {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool decide_color(const ColorSituation& situation) {
  if (situation.when == "always") return true;
  if (situation.when == "never") return false;
  if (!situation.no_color.empty()) return false;
  if (!situation.clicolor_force.empty() && situation.clicolor_force != "0") return true;
  if (situation.term == "dumb") return false;
  return situation.is_terminal;
}

bool use_color(const std::string& when, int fd) {
  return decide_color(ColorSituation{when, environment("NO_COLOR"), environment("CLICOLOR_FORCE"),
                                     environment("TERM"), ::isatty(fd) == 1});
}

}  // namespace memwatch::cli
