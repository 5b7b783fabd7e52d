// Durations as people type them: "30s", "500ms", "1.5m", "2h", "250us"; a bare number has the unit
// that the option names. Thread safety: pure function. Errors: kind usage; overflow, signs and
// unknown units are errors.
#pragma once

#include <chrono>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch {

// At most about 292 years. `bare_unit` is what a number without a unit counts.
Result<std::chrono::nanoseconds> parse_duration(
    std::string_view text, std::chrono::nanoseconds bare_unit = std::chrono::seconds(1));

}  // namespace memwatch
