// Saves the six registers that a caller may keep pointers in, and passes where they are, where the
// caller's stack begins (what lies below is ours, and full of remains), and the call site.
#include "preload/exit_check.h"

namespace memwatch::preload {

[[gnu::naked]] void await_exit_check() {
  asm("push %rbx\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "push %rbp\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "push %r12\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "push %r13\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "push %r14\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "push %r15\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "mov %rsp, %rdi\n\t"
      "lea 56(%rsp), %rsi\n\t"
      "mov 48(%rsp), %rdx\n\t"
      "mov %rsi, %rcx\n\t"
      "mov %rbp, %r8\n\t"
      "sub $8, %rsp\n\t"
      ".cfi_adjust_cfa_offset 8\n\t"
      "call memwatch_await_exit_check\n\t"
      "add $56, %rsp\n\t"
      ".cfi_adjust_cfa_offset -56\n\t"
      "ret");
}

}  // namespace memwatch::preload
