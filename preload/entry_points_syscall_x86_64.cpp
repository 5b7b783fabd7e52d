// libc's syscall(), which programs use for what has no function of its own, or to go around it:
// hooked for the calls that concern us, a sandbox to come and limits on addresses. Not seen: the
// instruction itself.
//
// In assembly, because every other call has to reach the real function as it came: with its
// registers, with a stack argument that may not be there and then is the caller's own variable, and
// without a frame of ours, for there are calls that return twice or on another stack.
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "preload/addresses.h"
#include "preload/entry_points.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/real_functions.h"
#include "preload/sandbox.h"

namespace mw = memwatch::preload;

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

extern "C" {

// Before the real function is known.
static long call_kernel(long number, long a, long b, long c, long d, long e, long f) {
  const long result = mw::raw_syscall(number, a, b, c, d, e, f);
  if (!mw::is_raw_error(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

[[gnu::visibility("hidden"), gnu::used]] constinit mw::SystemCall memwatch_real_syscall =
    call_kernel;

[[gnu::visibility("hidden"), gnu::used]] void memwatch_before_syscall(long number, long a, long b,
                                                                      long c) {
  if (number == SYS_seccomp) {
    mw::prepare_for_sandbox();
  } else if (number == SYS_prctl) {
    if (a == PR_SET_NO_NEW_PRIVS || a == PR_SET_SECCOMP) mw::prepare_for_sandbox();
  } else if (number == SYS_setrlimit) {
    mw::make_way_for_limit(0, static_cast<int>(a), reinterpret_cast<const rlimit*>(b));
  } else {
    mw::make_way_for_limit(static_cast<pid_t>(a), static_cast<int>(b),
                           reinterpret_cast<const rlimit*>(c));
  }
}

}  // extern "C"
