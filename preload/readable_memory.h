// Reads of somebody else's stack that cannot fault. A page is asked for once per thread: the kernel
// is made to read from it by a system call that fails cleanly. Any thread, any signal handler.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::preload {

// Part of the address space known to be readable, around a stack.
struct ReadableRange {
  std::uintptr_t low = 0, high = 0;
  bool ends_here = false;  // what lies above `high` is no part of the stack, readable or not
};

// Is the byte at this address readable at all? One system call.
bool can_read(std::uintptr_t address);

// The same of the page that begins here, which is not the first one of all.
bool is_page_readable(std::uintptr_t page);

// Copies what may not be there, or be unmapped meanwhile, by the kernel. False: not all of it could
// be read, or no system call is allowed. For memory of any kind.
bool copy_memory(void* to, const void* from, std::size_t bytes);

bool extend_readable(ReadableRange& range, std::uintptr_t address);

// Starts (or keeps) a range around the stack pointer of a walk.
void start_readable(ReadableRange& range, std::uintptr_t stack_pointer);

// Looks at the pages around the stack pointer ahead of time: `bytes` below it (growing the stack if
// need be) and as far above as there is memory, at most 8 MiB.
void look_at_stack(ReadableRange& range, std::uintptr_t stack_pointer, std::uintptr_t bytes);

// Is the aligned 8-byte word at `address` readable and on the stack the walk started on?
inline bool is_readable(ReadableRange& range, std::uintptr_t address) {
  if ((address & 7) != 0) return false;
  if (address >= range.low && address < range.high && range.high - address >= 8) [[likely]] {
    return true;
  }
  return extend_readable(range, address);
}

// A stack is read across the bounds of its variables, which AddressSanitizer would object to in
// tests.
[[gnu::no_sanitize_address]] inline std::uint64_t read_word(std::uintptr_t address) {
  return *reinterpret_cast<const std::uint64_t*>(address);
}

}  // namespace memwatch::preload
