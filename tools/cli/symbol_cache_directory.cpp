#include "tools/cli/symbol_cache_directory.h"

#include <cstdlib>
#include <string_view>

namespace memwatch::cli {
namespace {

// The variable's value if it is an absolute path, as the XDG base directory specification demands.
std::string absolute_path_in(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

}  // namespace

std::string symbol_cache_directory() {
  const char* const own = std::getenv("MEMWATCH_SYMBOL_CACHE");
  if (own != nullptr && own[0] != '\0') {
    return std::string_view(own) == "off" ? "" : absolute_path_in("MEMWATCH_SYMBOL_CACHE");
  }
  if (std::string cache = absolute_path_in("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/memwatch/symbols";
  }
  std::string home = absolute_path_in("HOME");
  return home.empty() ? "" : home + "/.cache/memwatch/symbols";
}

}  // namespace memwatch::cli
