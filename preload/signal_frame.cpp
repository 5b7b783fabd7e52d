#include "preload/signal_frame.h"

#include <cstring>

namespace memwatch::preload {

bool is_signal_return(std::uintptr_t pc) {
  return std::memcmp(reinterpret_cast<const void*>(pc), kSignalReturn, sizeof kSignalReturn) == 0;
}

bool read_signal_frame(std::uintptr_t sp, ReadableRange& memory, Registers* registers,
                       std::uintptr_t* pc) {
  std::uintptr_t at = sp + kInterruptedAt;
  for (const unsigned char number : kInterruptedOrder) {
    if (!is_readable(memory, at)) return false;
    registers->set(number, read_word(at));
    at += 8;
  }
  if (!is_readable(memory, at)) return false;
  *pc = read_word(at);
  return *pc != 0;
}

}  // namespace memwatch::preload
