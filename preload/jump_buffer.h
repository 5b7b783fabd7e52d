// What a jmp_buf leads to. One header, a twin for each processor and C library.
#pragma once

#include <cstdint>

namespace memwatch::preload {

// The stack pointer of the frame that a longjmp to this buffer goes on in.
std::uintptr_t stack_pointer_of(const void* jump_buffer);

}  // namespace memwatch::preload
