// Saves the eleven registers that a caller may keep pointers in. The segment has room for six, so
// all of them are given out as the innermost part of the caller's stack: what lies below is ours.
#include "preload/exit_check.h"

extern "C" __attribute__((visibility("hidden"))) void memwatch_save_and_await();

asm(R"(
  .text
  .align 2
  .globl memwatch_save_and_await
  .hidden memwatch_save_and_await
  .type memwatch_save_and_await, %function
memwatch_save_and_await:
  .cfi_startproc
  stp x29, x30, [sp, #-96]!
  .cfi_def_cfa_offset 96
  .cfi_offset x29, -96
  .cfi_offset x30, -88
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  mov x29, sp
  add x0, sp, #16
  mov x1, sp
  mov x2, x30
  add x3, sp, #96
  ldr x4, [sp]
  bl memwatch_await_exit_check
  ldp x29, x30, [sp], #96
  .cfi_def_cfa_offset 0
  .cfi_restore x29
  .cfi_restore x30
  ret
  .cfi_endproc
  .size memwatch_save_and_await, .-memwatch_save_and_await
)");

namespace memwatch::preload {

void await_exit_check() {
  memwatch_save_and_await();
}

}  // namespace memwatch::preload
