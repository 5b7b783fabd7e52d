// Finds the file that execvp would run: a name without a slash along PATH, else the path itself.
// Thread safety: reads the environment. Errors: not_found, with the reason a shell would give.
#pragma once

#include <string>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch::cli {

// A file that exists but may not be executed is returned too, if PATH holds no better one, so that
// the caller can say that instead.
Result<std::string> find_program(const std::string& name);

// The same with the search path given, for tests. "" in the path is the current directory.
Result<std::string> find_program_along(const std::string& name, std::string_view search_path);

}  // namespace memwatch::cli
