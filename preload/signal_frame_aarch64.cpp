// The stack pointer is that of the siginfo, 128 bytes, with the ucontext behind it (the kernel's
// asm/sigcontext.h and asm/ucontext.h).
#include <cstring>

#include "preload/signal_frame.h"

namespace memwatch::preload {

namespace {

constexpr std::uint32_t kCode[] = {0xd2801168, 0xd4000001};  // mov x8, #139; svc #0
// siginfo; flags, link and stack; mask, with room up to 1024 signals; padding; fault address.
constexpr std::uintptr_t kRegistersAt = 128 + 40 + 128 + 8 + 8;

}  // namespace

const std::size_t signal_return_bytes = sizeof kCode;

bool is_signal_return(std::uintptr_t pc) {
  return std::memcmp(reinterpret_cast<const void*>(pc), kCode, sizeof kCode) == 0;
}

// x0 to x30, sp, pc.
bool read_signal_frame(std::uintptr_t sp, ReadableRange& memory, Registers* registers,
                       std::uintptr_t* pc) {
  std::uintptr_t at = sp + kRegistersAt;
  for (unsigned number = 0; number < kRegisters; ++number) {
    if (!is_readable(memory, at)) return false;
    registers->set(number, read_word(at));
    at += 8;
  }
  if (!is_readable(memory, at)) return false;
  *pc = read_word(at);
  return *pc != 0;
}

}  // namespace memwatch::preload
