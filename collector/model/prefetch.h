// Asks the processor to bring a cache line in, without waiting for it. Any address will do.
//
// Not __builtin_prefetch: GCC 12 takes a function that does nothing else for one without effect,
// and silently drops every call of it.
#pragma once

namespace memwatch::model {

inline void prefetch_line(const void* address) {
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(address)));
#else
  asm volatile("prfm pldl1keep, %0" : : "Q"(*static_cast<const char*>(address)));
#endif
}

}  // namespace memwatch::model
