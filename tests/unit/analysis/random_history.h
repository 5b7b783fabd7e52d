// What really happened in a made-up process, and what a recording of it would say: random
// allocations, frees and reallocations of several threads at several stacks, few sizes, so that
// ties, empty heaps and blocks as large as the peak are common. Deterministic for each seed.
#pragma once

#include <cstdint>

#include "collector/model/session.h"

namespace memwatch::testing {

struct HistoryShape {
  unsigned int sites = 3, threads = 2, steps = 20;
};

// Totals, heap, sites and a timeline as the contract defines them.
model::Process random_history(std::uint32_t seed, const HistoryShape& shape);

}  // namespace memwatch::testing
