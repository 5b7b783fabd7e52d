// syscall() of aarch64 (entry_points_syscall.cpp has what it is for). x16 is the register that a
// call may lose on its way (AAPCS64, 6.1.1).
#include <sys/syscall.h>

static_assert(SYS_prctl == 167 && SYS_setrlimit == 164 && SYS_prlimit64 == 261 &&
              SYS_seccomp == 277);  // as below

asm(R"(
    .pushsection .text
    .globl syscall
    .type syscall, %function
    .p2align 4
syscall:
    .cfi_startproc
    cmp x0, #167
    b.eq 1f
    cmp x0, #164
    b.eq 1f
    cmp x0, #261
    b.eq 1f
    cmp x0, #277
    b.eq 1f
2:  adrp x16, memwatch_real_syscall
    ldr x16, [x16, :lo12:memwatch_real_syscall]
    br x16
1:  stp x29, x30, [sp, #-80]!
    .cfi_def_cfa_offset 80
    .cfi_offset 29, -80
    .cfi_offset 30, -72
    mov x29, sp
    stp x0, x1, [sp, #16]
    stp x2, x3, [sp, #32]
    stp x4, x5, [sp, #48]
    stp x6, x7, [sp, #64]
    bl memwatch_before_syscall
    ldp x0, x1, [sp, #16]
    ldp x2, x3, [sp, #32]
    ldp x4, x5, [sp, #48]
    ldp x6, x7, [sp, #64]
    ldp x29, x30, [sp], #80
    .cfi_restore 29
    .cfi_restore 30
    .cfi_def_cfa_offset 0
    b 2b
    .cfi_endproc
    .size syscall, .-syscall
    .popsection
)");
