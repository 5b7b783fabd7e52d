// Adds to a counter that only this thread writes and others read: one instruction, so that a signal
// handler of the same thread that adds too loses nothing, but without the bus lock that other
// writers would need.
#pragma once

#include <atomic>
#include <cstdint>

namespace memwatch::preload {

#if defined(__x86_64__)
inline void unlocked_add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  asm volatile("addq %1, %0" : "+m"(counter) : "er"(amount) : "cc");
}
#else
#error "written for x86-64 only"
#endif

}  // namespace memwatch::preload
