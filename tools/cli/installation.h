// Where the parts of memwatch are, relative to the running program, so that the tree can be moved:
// BIN/../lib in a build or install tree, and Debian's multiarch directories.
// Thread safety: any. Errors: not_found with the places that were looked at.
#pragma once

#include <string>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::cli {

// libmemwatch_preload.so, the library that is loaded into traced programs; an absolute path.
Result<std::string> find_preload_library();

// mimalloc's shared library, where the system keeps libraries. Error: it is not installed.
Result<std::string> find_mimalloc();

// Where it is looked for, in this order, for a program in `bin_directory`.
std::vector<std::string> preload_library_candidates(const std::string& bin_directory);

}  // namespace memwatch::cli
