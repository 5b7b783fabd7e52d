// Sizes as people type them: "512KiB", "1G", "64k", "1.5MiB", "4096". Units are binary whichever
// way they are spelled (1 kB = 1 KiB = 1024 bytes), since memory is. Thread safety: pure function.
// Errors: kind usage; overflow, signs, unknown units and fractions of a byte are errors.
#pragma once

#include <cstdint>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch {

Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace memwatch
