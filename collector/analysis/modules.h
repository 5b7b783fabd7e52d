// Bytes by library: each stack counts for the module of its first frame, literally the code that
// called the allocation function, wrapper or not.
// Thread safety: as the selection's. Errors: none. Paths are views into the session.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct ModuleRow {
  std::string_view path;  // "" code without a module, such as made by a JIT
  std::uint64_t allocations = 0, reallocations = 0, temporary = 0;
  std::uint64_t allocated_bytes = 0, live_bytes = 0, live_blocks = 0, peak_bytes = 0;
  // Standard deviations; 0 where the bytes are exact.
  std::uint64_t allocated_deviation = 0, live_deviation = 0, peak_deviation = 0;
  double share = 0;  // of the allocated bytes of all rows, 0 to 1
};

// Most bytes at the peak first, then by allocated bytes.
std::vector<ModuleRow> list_modules(const Selection& selection);

}  // namespace memwatch::analysis
