#include "tools/cli/installation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace memwatch::cli {
namespace {

constexpr const char* kLibrary = "libmemwatch_preload.so";

#if defined(__x86_64__)
constexpr const char* kTriplet = "x86_64-linux-gnu";
#elif defined(__aarch64__)
constexpr const char* kTriplet = "aarch64-linux-gnu";
#else
constexpr const char* kTriplet = "";
#endif

}  // namespace

std::vector<std::string> preload_library_candidates(const std::string& bin_directory) {
  const std::filesystem::path prefix = std::filesystem::path(bin_directory).parent_path();
  std::vector<std::string> candidates;
  for (const char* folder : {"lib", "lib64", "lib/memwatch"}) {
    candidates.push_back((prefix / folder / kLibrary).string());
  }
  if (*kTriplet != '\0') {
    candidates.push_back((prefix / "lib" / kTriplet / "memwatch" / kLibrary).string());
    candidates.push_back((prefix / "lib" / kTriplet / kLibrary).string());
  }
  return candidates;
}

Result<std::string> find_preload_library() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return Error{ErrorKind::system, "find the preload library", "/proc/self/exe", error.message(),
                 "is /proc mounted?"};
  }
  const std::vector<std::string> candidates =
      preload_library_candidates(self.parent_path().string());
  for (const std::string& candidate : candidates) {
    if (::access(candidate.c_str(), R_OK) == 0) return candidate;
  }
  return Error{ErrorKind::not_found, "find the preload library", candidates.front(),
               "it is not there, nor in the other library folders beside the program",
               "build the target memwatch_preload, or install memwatch again"};
}

Result<std::string> find_mimalloc() {
  constexpr const char* kMimalloc = "libmimalloc.so.2";
  std::vector<std::string> folders = {"/usr/lib", "/usr/lib64", "/usr/local/lib"};
  if (*kTriplet != '\0') folders.insert(folders.begin(), std::string("/usr/lib/") + kTriplet);
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + kMimalloc;
    if (::access(path.c_str(), R_OK) == 0) return path;
  }
  return Error{ErrorKind::not_found, "serve the program from mimalloc", kMimalloc,
               "it is in none of the system's library folders",
               "install it (Debian: libmimalloc2.0)"};
}

}  // namespace memwatch::cli
