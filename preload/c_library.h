// What the shim has to know of the C library it finds itself with: one library serves programs of
// glibc and of musl, so it asks at run time. Any thread, any signal handler.
#pragma once

#include <cstdint>

namespace memwatch::preload {

bool is_glibc();  // else it is taken for musl

// Is the address in what calls main, or a thread's function, in musl? Never in glibc, which has
// unwind information for those.
bool is_start_code_of_musl(std::uintptr_t address);

// The stack pointer with which the kernel entered the program, where the first thread's stack ends.
// 0: not known.
std::uintptr_t entry_stack_pointer();

// Where the calling thread's own stack ends. 0: not known.
std::uintptr_t top_of_own_stack();

}  // namespace memwatch::preload
