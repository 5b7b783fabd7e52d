// Who uses the heap: the stacks, or the libraries, with most of it, largest first by what is live,
// then by their share of the peak, then by what they allocated over time. The core of it is
// ranking.h and modules.h.
// Thread safety: as the selection's. Errors: none. Paths are views into the session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/analysis/selection.h"

namespace memwatch::analysis {

struct Consumer {
  model::StackId stack = model::kNone;  // of a site
  std::string_view module;              // of a library; "" code without one
  std::uint64_t calls = 0;              // allocations and reallocations
  std::uint64_t allocated_bytes = 0, peak_bytes = 0;
  std::uint64_t live_blocks = 0, live_bytes = 0;
  std::uint64_t temporary = 0;
  std::uint64_t allocated_deviation = 0, live_deviation = 0;  // 0 where the bytes are exact

  [[nodiscard]] double average_size() const {
    return calls == 0 ? 0 : static_cast<double>(allocated_bytes) / static_cast<double>(calls);
  }
};

// At most `top`, 0 all.
std::vector<Consumer> consuming_sites(const Selection& selection, std::size_t top);
// The same of one process, without a copy of all of its sites; `top` is not 0. Of equal ones some.
std::vector<Consumer> consuming_sites(const model::Process& process, std::size_t top);
std::vector<Consumer> consuming_modules(const Selection& selection, std::size_t top);

}  // namespace memwatch::analysis
