// The stack pointer is that of the ucontext (the kernel's asm/sigcontext.h and asm/ucontext.h).
#include <cstring>

#include "preload/signal_frame.h"

namespace memwatch::preload {

namespace {

// mov $15, %rax; syscall
constexpr unsigned char kCode[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
constexpr std::uintptr_t kRegistersAt = 40;
// As they lie there: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp; then the pc.
constexpr unsigned char kOrder[] = {8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7};

}  // namespace

const std::size_t signal_return_bytes = sizeof kCode;

bool is_signal_return(std::uintptr_t pc) {
  return std::memcmp(reinterpret_cast<const void*>(pc), kCode, sizeof kCode) == 0;
}

bool read_signal_frame(std::uintptr_t sp, ReadableRange& memory, Registers* registers,
                       std::uintptr_t* pc) {
  std::uintptr_t at = sp + kRegistersAt;
  for (const unsigned char number : kOrder) {
    if (!is_readable(memory, at)) return false;
    registers->set(number, read_word(at));
    at += 8;
  }
  if (!is_readable(memory, at)) return false;
  *pc = read_word(at);
  return *pc != 0;
}

}  // namespace memwatch::preload
