// Idle mode: counters, and the last large allocations and failures with stacks in a small ring in
// the segment that overwrites its oldest. Lock-free, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/thread_ring.h"
#include "shared/functions.h"

namespace memwatch::preload {

void count_idle_allocation(ThreadRing& ring, std::size_t size);
void count_idle_free(ThreadRing& ring);

// error_number 0: a large allocation that succeeded.
void record_flight(Function function, std::uint64_t address, std::uint64_t size, int error_number,
                   std::uint32_t stack, std::uint32_t tid);

}  // namespace memwatch::preload
