// The stack pointer is that of the ucontext (the kernel's asm/sigcontext.h and asm/ucontext.h).
#pragma once

#include <cstdint>

namespace memwatch::preload {

// mov $15, %rax; syscall
inline constexpr unsigned char kSignalReturn[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00,
                                                  0x00, 0x00, 0x0f, 0x05};
inline constexpr std::uintptr_t kInterruptedAt = 40;
// r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp; then the pc.
inline constexpr unsigned char kInterruptedOrder[] = {8, 9, 10, 11, 12, 13, 14, 15,
                                                      5, 4, 6,  3,  1,  0,  2,  7};

}  // namespace memwatch::preload
