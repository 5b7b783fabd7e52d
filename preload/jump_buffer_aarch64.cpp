// glibc and musl: the stack pointer is the fourteenth word. glibc's is mangled: xor with a pointer
// guard that lies in its loader under a private name. So a buffer of our own is filled in, whose
// stack pointer we know, and the difference is the guard; in musl it is zero.
#include <atomic>
#include <cstring>

#include "preload/jump_buffer.h"

// Returns the stack pointer with which it calls _setjmp on the buffer.
extern "C" __attribute__((visibility("hidden"))) std::uintptr_t memwatch_fill_jump_buffer(
    std::uint64_t* buffer);

asm(R"(
  .text
  .align 2
  .globl memwatch_fill_jump_buffer
  .hidden memwatch_fill_jump_buffer
  .type memwatch_fill_jump_buffer, %function
memwatch_fill_jump_buffer:
  .cfi_startproc
  stp x29, x30, [sp, #-16]!
  .cfi_def_cfa_offset 16
  .cfi_offset x29, -16
  .cfi_offset x30, -8
  bl _setjmp
  mov x0, sp
  ldp x29, x30, [sp], #16
  .cfi_def_cfa_offset 0
  .cfi_restore x29
  .cfi_restore x30
  ret
  .cfi_endproc
  .size memwatch_fill_jump_buffer, .-memwatch_fill_jump_buffer
)");

namespace memwatch::preload {

namespace {

constexpr std::size_t kStackPointer = 13;
constexpr std::size_t kMostWords = 64;  // glibc's jmp_buf has 39

constinit std::atomic<std::uintptr_t> g_guard{0};
constinit std::atomic<bool> g_is_known{false};

}  // namespace

std::uintptr_t stack_pointer_of(const void* jump_buffer) {
  if (!g_is_known.load(std::memory_order_acquire)) {
    std::uint64_t own[kMostWords] = {};
    const std::uintptr_t sp = memwatch_fill_jump_buffer(own);
    g_guard.store(own[kStackPointer] ^ sp, std::memory_order_relaxed);
    g_is_known.store(true, std::memory_order_release);
  }
  std::uintptr_t word = 0;
  std::memcpy(&word, static_cast<const char*>(jump_buffer) + kStackPointer * sizeof word,
              sizeof word);
  return word ^ g_guard.load(std::memory_order_relaxed);
}

}  // namespace memwatch::preload
