// Gives the allocator's free memory back to the system when somebody asks (`memwatch trim`):
// mimalloc's mi_collect where that library serves the program, else glibc's malloc_trim. It takes
// milliseconds to tens of them, in the thread that notices, at a moment when that thread is in
// neither the allocator nor anything that holds one of its locks. Requests are noticed with a
// record, once a millisecond at most; in idle mode none are written, so none is noticed.
// Never from a signal handler that interrupted a hook or the real allocator, nor where system calls
// may be forbidden.
#pragma once

#include <cstdint>

namespace memwatch::preload {

// Called by record.cpp when the epoch has changed, with `depth` hooks of the thread under way.
void give_back_if_asked(std::uint32_t depth);

}  // namespace memwatch::preload
