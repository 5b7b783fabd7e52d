// syscall() of x86-64 (entry_points_syscall.cpp has what it is for).
#include <sys/syscall.h>

static_assert(SYS_prctl == 157 && SYS_setrlimit == 160 && SYS_prlimit64 == 302 &&
              SYS_seccomp == 317);  // as below

asm(R"(
    .pushsection .text
    .globl syscall
    .type syscall, @function
    .p2align 4
syscall:
    .cfi_startproc
    cmpq $157, %rdi
    je 1f
    cmpq $160, %rdi
    je 1f
    cmpq $302, %rdi
    je 1f
    cmpq $317, %rdi
    je 1f
    jmp *memwatch_real_syscall(%rip)
1:  pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    pushq %r8
    .cfi_adjust_cfa_offset 8
    pushq %r9
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call memwatch_before_syscall
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r9
    .cfi_adjust_cfa_offset -8
    popq %r8
    .cfi_adjust_cfa_offset -8
    popq %rcx
    .cfi_adjust_cfa_offset -8
    popq %rdx
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    jmp *memwatch_real_syscall(%rip)
    .cfi_endproc
    .size syscall, .-syscall
    .popsection
)");
