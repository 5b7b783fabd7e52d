// What a signal handler returns to, and what the kernel left on the stack for it, as Linux fixes
// them for each processor. Unwind tables tell the same where there are some: in glibc on x86-64,
// not in musl, not in the kernel's own code on aarch64.
#pragma once

#include <cstdint>

#include "preload/readable_memory.h"
#include "preload/unwind_expression.h"

// kSignalReturn: the code; kInterruptedAt: where the registers lie, beyond the stack pointer;
// kInterruptedOrder: which they are, by DWARF's numbers, eight bytes each, and the pc behind them.
#if defined(__x86_64__)
#include "preload/signal_frame_x86_64.h"
#else
#include "preload/signal_frame_aarch64.h"
#endif

namespace memwatch::preload {

// Is this the code that ends a handler? As many bytes as kSignalReturn has must be readable.
bool is_signal_return(std::uintptr_t pc);

// The registers that were interrupted, by the stack pointer that the handler returns with. False:
// not readable.
bool read_signal_frame(std::uintptr_t sp, ReadableRange& memory, Registers* registers,
                       std::uintptr_t* pc);

}  // namespace memwatch::preload
