#include "collector/symbols/source_path.h"

#include <filesystem>

namespace memwatch::symbols {
namespace {
constexpr std::size_t kMaxPathLength = 4096;
}

std::string source_path(std::string_view directory, std::string_view path) {
  if (path.empty() || path.front() == '<' || path == "???") return {};
  std::string joined(path.substr(0, kMaxPathLength));
  if (joined.front() != '/' && !directory.empty()) {
    joined = std::string(directory.substr(0, kMaxPathLength)) + "/" + joined;
  }
  // Without any ".." or "." component there is nothing to resolve, which is nearly always so.
  if (joined.find("/.") == std::string::npos && joined.find("//") == std::string::npos &&
      joined.front() != '.') {
    return joined;
  }
  return std::filesystem::path(joined).lexically_normal().string();
}

}  // namespace memwatch::symbols
