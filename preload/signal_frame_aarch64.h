// The stack pointer is that of the siginfo, 128 bytes, with the ucontext behind it (the kernel's
// asm/sigcontext.h and asm/ucontext.h).
#pragma once

#include <cstdint>

namespace memwatch::preload {

inline constexpr std::uint32_t kSignalReturn[] = {0xd2801168, 0xd4000001};  // mov x8, #139; svc #0
// siginfo; flags, link and stack; mask, with room up to 1024 signals; padding; fault address.
inline constexpr std::uintptr_t kInterruptedAt = 128 + 40 + 128 + 8 + 8;
// x0 to x30, sp; then the pc.
inline constexpr unsigned char kInterruptedOrder[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                      22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

}  // namespace memwatch::preload
