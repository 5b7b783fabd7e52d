// The code of shared/twin_call.h. No stack: the thread's may be of any kind and size, and the stack
// pointer stays the program's, but for the moment in which flags are loaded, when signals are
// blocked. Calls of the kernel change rcx, r11 and rax alone.
#include <signal.h>
#include <sys/wait.h>

#include "preload/raw_syscalls_linux.h"
#include "preload/twin_call.h"
#include "shared/twin_call.h"

extern "C" {
__attribute__((visibility("hidden"))) void memwatch_twin_code();
__attribute__((visibility("hidden"))) extern const char memwatch_twin_code_end;
__attribute__((visibility("hidden"))) memwatch::protocol::TwinCall memwatch_twin_call = {
    reinterpret_cast<std::uint64_t>(&memwatch_twin_code),
    reinterpret_cast<std::uint64_t>(&memwatch_twin_code_end),
    0,
    0,
    0,
    {},
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0};
}

// 3 close, 14 rt_sigprocmask (2: set), 56 clone, 323 userfaultfd, 61 wait4 (0x40000000: __WALL),
// 436 close_range (2: CLOSE_RANGE_UNSHARE: in a table of descriptors of the twin's own), 231
// exit_group.
asm(R"(
  .text
  .p2align 4
  .globl memwatch_twin_code
  .hidden memwatch_twin_code
  .type memwatch_twin_code, @function
memwatch_twin_code:
  mov $14, %eax
  mov $2, %edi
  lea memwatch_twin_all_signals(%rip), %rsi
  xor %edx, %edx
  mov $8, %r10d
  syscall
  mov memwatch_twin_call+32(%rip), %rbx
  mov memwatch_twin_call+40(%rip), %rdi
  mov memwatch_twin_call+48(%rip), %rsi
  mov memwatch_twin_call+56(%rip), %rdx
  mov memwatch_twin_call+64(%rip), %r10
  mov memwatch_twin_call+72(%rip), %r8
  mov %rbx, %rax
  syscall
  cmp $323, %rbx
  je 5f
  cmp $56, %rbx
  jne 3f
  test %rax, %rax
  jz 4f
  js 3f
  mov %eax, %ebp
2:
  mov $61, %eax
  mov %ebp, %edi
  xor %esi, %esi
  mov $0x40000000, %edx
  xor %r10d, %r10d
  syscall
  cmp $-4, %rax
  je 2b
  movq $0, memwatch_twin_call+24(%rip)
3:
  movq $1, memwatch_twin_call+16(%rip)
  lea memwatch_twin_call+88(%rip), %rsp
  popfq
  mov memwatch_twin_call+104(%rip), %rsp
  mov $14, %eax
  mov $2, %edi
  lea memwatch_twin_call+80(%rip), %rsi
  mov $0, %edx
  mov $8, %r10d
  syscall
  mov memwatch_twin_call+112(%rip), %rax
  mov memwatch_twin_call+120(%rip), %rbx
  mov memwatch_twin_call+128(%rip), %rcx
  mov memwatch_twin_call+136(%rip), %rdx
  mov memwatch_twin_call+144(%rip), %rsi
  mov memwatch_twin_call+152(%rip), %rdi
  mov memwatch_twin_call+160(%rip), %rbp
  mov memwatch_twin_call+168(%rip), %r8
  mov memwatch_twin_call+176(%rip), %r9
  mov memwatch_twin_call+184(%rip), %r10
  mov memwatch_twin_call+192(%rip), %r11
  mov memwatch_twin_call+200(%rip), %r12
  mov memwatch_twin_call+208(%rip), %r13
  mov memwatch_twin_call+216(%rip), %r14
  mov memwatch_twin_call+224(%rip), %r15
  movq $0, memwatch_twin_call+16(%rip)
  jmp *memwatch_twin_call+96(%rip)
4:
  mov $436, %eax
  xor %edi, %edi
  mov $0xffffffff, %esi
  mov $2, %edx
  syscall
  mov $231, %eax
  xor %edi, %edi
  syscall
  hlt
5:
  test %rax, %rax
  js 3b
  mov %eax, %edi
  mov $3, %eax
  syscall
  jmp 3b
  .globl memwatch_twin_code_end
  .hidden memwatch_twin_code_end
memwatch_twin_code_end:
  .size memwatch_twin_code, .-memwatch_twin_code
  .section .rodata
  .p2align 3
memwatch_twin_all_signals:
  .quad -1
  .text
)");

namespace memwatch::preload {

std::uint64_t twin_call_address() {
  return reinterpret_cast<std::uint64_t>(&memwatch_twin_call);
}

void end_twin() {
  // Written by the kernel and the collector, behind the compiler's back.
  volatile std::uint64_t& twin = memwatch_twin_call.twin;
  const auto pid = static_cast<std::int32_t>(twin);
  if (pid <= 0) return;
  constexpr int kTurns = 200;
  constexpr long kTurnNs = 1'000'000;
  for (int turn = 0; turn < kTurns; ++turn) {
    // In a forked child it is nobody's: an error. 0: it lives, and its number is its own. Children
    // of the program's, which may have been given the number since, are not looked at: they send a
    // signal at their end, a twin does not (__WCLONE).
    const long ended = raw_syscall(SYS_wait4, pid, 0, static_cast<long>(__WCLONE | WNOHANG));
    if (ended != 0) {
      twin = 0;
      return;
    }
    if (turn == 0) raw_syscall(SYS_kill, pid, SIGKILL);
    raw_sleep_ns(kTurnNs);
  }
}

}  // namespace memwatch::preload
