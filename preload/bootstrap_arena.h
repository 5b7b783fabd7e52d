// A few KiB of static memory for allocations made while the real functions are being looked up
// (dlsym allocates). Blocks are never reused; a pointer from here is recognised by address in free,
// realloc and malloc_usable_size. Used by one thread, before any other can exist; not recorded, for
// they are the loader's work for the shim.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::preload {

// nullptr when the arena is full. Zeroed.
void* bootstrap_allocate(std::size_t size, std::size_t alignment);

inline constexpr std::size_t kBootstrapBytes = 64U << 10;
extern char g_bootstrap_arena[kBootstrapBytes];

inline bool is_bootstrap_block(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) -
             reinterpret_cast<std::uintptr_t>(g_bootstrap_arena) <
         kBootstrapBytes;
}

// The size asked for.
std::size_t bootstrap_size(const void* block);

}  // namespace memwatch::preload
