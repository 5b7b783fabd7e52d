// What a page of its own is aligned to, whatever the kernel's page size. Linux's kernels for
// aarch64 are built for 4, 16 or 64 KiB; macOS has 16 there, and moves libraries by no more.
#pragma once

#include <cstddef>

namespace memwatch::preload {

#if defined(__x86_64__)
inline constexpr std::size_t kPageAlignment = 4096;
#elif defined(__APPLE__)
inline constexpr std::size_t kPageAlignment = 16384;
#else
inline constexpr std::size_t kPageAlignment = 65536;
#endif

}  // namespace memwatch::preload
