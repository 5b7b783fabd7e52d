// glibc: eight words, of which the seventh is the stack pointer (sysdeps/x86_64/jmpbuf-offsets.h).
// It is mangled: xor with the thread's pointer guard (fs:0x30), then rotated left by 17
// (sysdeps/unix/sysv/linux/x86_64/pointer_guard.h); ThreadSanitizer reads it in the same way.
// musl has it in the same place, as it is (src/setjmp/x86_64/setjmp.s).
#include <cstring>

#include "preload/c_library.h"
#include "preload/jump_buffer.h"

namespace memwatch::preload {

std::uintptr_t stack_pointer_of(const void* jump_buffer) {
  constexpr std::size_t kStackPointer = 6;
  constexpr unsigned kRotation = 17;
  std::uintptr_t word = 0;
  std::memcpy(&word, static_cast<const char*>(jump_buffer) + kStackPointer * sizeof word,
              sizeof word);
  if (!is_glibc()) return word;
  std::uintptr_t guard = 0;
  __asm__("mov %%fs:0x30, %0" : "=r"(guard));
  return ((word >> kRotation) | (word << (64 - kRotation))) ^ guard;
}

}  // namespace memwatch::preload
