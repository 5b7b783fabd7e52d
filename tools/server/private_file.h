// Files that hold a secret: one that others on the machine can read is none. What is looked at is
// what is read. Errors: kind usage, one line each.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "collector/base/result.h"

namespace memwatch::server {

// At most `most` bytes of a file of this user or of root; nobody else may have a right of
// `forbidden` (mode bits); 0: anybody's file will do. `attempted` as in Error.
Result<std::string> read_private_file(const std::string& path, std::size_t most, mode_t forbidden,
                                      const char* attempted);

// Is such a file there? Its content may be read in another way.
Result<void> check_private_file(const std::string& path, mode_t forbidden, const char* attempted);

}  // namespace memwatch::server
