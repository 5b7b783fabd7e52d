#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "collector/reachability/stopped_thread.h"

namespace memwatch::reachability {

void read_registers(StoppedThread& thread) {
  user_regs_struct general{};
  iovec part{&general, sizeof general};
  if (ptrace(PTRACE_GETREGSET, thread.tid, NT_PRSTATUS, &part) != 0) return;
  thread.has_registers = true;
  thread.stack_pointer = general.rsp;
  thread.thread_pointer = general.fs_base;
  thread.instruction = general.rip;
  thread.system_call = static_cast<std::int64_t>(general.orig_rax);
  thread.registers = {general.rax, general.rbx, general.rcx, general.rdx, general.rsi,
                      general.rdi, general.rbp, general.r8,  general.r9,  general.r10,
                      general.r11, general.r12, general.r13, general.r14, general.r15};
  // Vector registers: a thread may be copying pointers right now.
  std::array<std::uint64_t, 2048> state{};
  iovec vectors{state.data(), sizeof state};
  if (ptrace(PTRACE_GETREGSET, thread.tid, NT_X86_XSTATE, &vectors) != 0) return;
  // Of a thread that sleeps nearly all of it is zero, and a thousand of these are kept.
  constexpr std::uint64_t kLowestAddress = 4096;
  std::copy_if(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(vectors.iov_len / 8),
               std::back_inserter(thread.registers),
               [](std::uint64_t word) { return word >= kLowestAddress; });
}

}  // namespace memwatch::reachability
