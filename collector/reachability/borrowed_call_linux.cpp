#include <elf.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>

#include "collector/procfs/text.h"
#include "collector/reachability/borrowed_call.h"

namespace memwatch::reachability {

namespace {

using Clock = std::chrono::steady_clock;
using protocol::TwinCall;

constexpr std::uint64_t kUserCode = 0x33;  // code segment of 64-bit programs
constexpr int kSystemCallStop = SIGTRAP | 0x80;
constexpr double kStepSeconds = 5;     // for a thread that has to get a processor
constexpr double kCloneSeconds = 120;  // tens of milliseconds per gigabyte

// Results by which the kernel tells itself to make an interrupted call again
// (include/linux/errno.h).
constexpr std::int64_t kRestartSys = -512, kRestartNoInterrupt = -513, kRestartNoHandler = -514,
                       kRestartBlock = -516;

void step() {
  if (at_borrowed_step != nullptr) at_borrowed_step();
}

bool get_registers(pid_t tid, user_regs_struct* registers) {
  iovec part{registers, sizeof *registers};
  return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &part) == 0 &&
         part.iov_len == sizeof *registers;
}

bool set_registers(pid_t tid, user_regs_struct registers) {
  iovec part{&registers, sizeof registers};
  return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &part) == 0;
}

bool read_target(pid_t pid, std::uint64_t address, void* to, std::size_t bytes) {
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};  // NOLINT: not ours to follow
  return process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

bool write_target(pid_t pid, std::uint64_t address, const void* from, std::size_t bytes) {
  const iovec local{const_cast<void*>(from), bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};  // NOLINT: not ours to follow
  return process_vm_writev(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

// The address of the thread's restartable sequence, 0: it is in none.
bool is_in_restartable_sequence(pid_t tid) {
  constexpr int kGetRseqConfiguration = 0x420f;  // PTRACE_GET_RSEQ_CONFIGURATION, Linux 5.13
  struct {
    std::uint64_t pointer;
    std::uint32_t size, signature, flags, pad;
  } configuration{};
  const long got = ptrace(static_cast<__ptrace_request>(kGetRseqConfiguration), tid,
                          sizeof configuration, &configuration);
  if (got < 0) return true;  // it cannot be told
  if (configuration.pointer == 0) return false;
  std::uint64_t sequence = 0;
  constexpr std::uint64_t kSequenceAt = 8;  // struct rseq, rseq_cs
  return !read_target(tid, configuration.pointer + kSequenceAt, &sequence, sizeof sequence) ||
         sequence != 0;
}

// A filter of the thread's might end the process for the call.
bool is_in_sandbox(pid_t tid) {
  const auto status = procfs::read_text(procfs::process_path("/proc", tid, "status"));
  if (!status) return true;
  const auto mode = procfs::find_value(*status, "Seccomp");
  return mode && *mode != "0";
}

bool is_in_system_call(const user_regs_struct& registers) {
  return static_cast<std::int64_t>(registers.orig_rax) >= 0;
}

// Where and as what the thread has to go on by itself: an interrupted call is made again, as the
// kernel would have it. (One thing is lost if it ever comes to that: a signal that arrives in those
// milliseconds does not end the call.)
void describe(const user_regs_struct& registers, TwinCall* call) {
  call->flags = registers.eflags;
  call->ip = registers.rip;
  call->sp = registers.rsp;
  call->ax = registers.rax;
  call->bx = registers.rbx;
  call->cx = registers.rcx;
  call->dx = registers.rdx;
  call->si = registers.rsi;
  call->di = registers.rdi;
  call->bp = registers.rbp;
  call->r8 = registers.r8;
  call->r9 = registers.r9;
  call->r10 = registers.r10;
  call->r11 = registers.r11;
  call->r12 = registers.r12;
  call->r13 = registers.r13;
  call->r14 = registers.r14;
  call->r15 = registers.r15;
  if (!is_in_system_call(registers)) return;
  constexpr std::uint64_t kInstructionBytes = 2;
  switch (static_cast<std::int64_t>(registers.rax)) {
    case kRestartSys:
    case kRestartNoInterrupt:
    case kRestartNoHandler:
      call->ax = registers.orig_rax;
      call->ip -= kInstructionBytes;
      return;
    case kRestartBlock:
      call->ax = SYS_restart_syscall;
      call->ip -= kInstructionBytes;
      return;
    default:
      return;
  }
}

// A thread on its way through the shim's code, from one stop to the next.
class Errand {
 public:
  Errand(pid_t pid, StoppedThread& thread, std::uint64_t address)
      : pid_(pid), thread_(thread), address_(address) {}

  BorrowedCall run(const SystemCall& wanted) {
    BorrowedCall done;
    TwinCall call;
    if (!read_twin_call(pid_, address_, &call, &done.why_not)) return done;
    if (!get_registers(thread_.tid, &before_) || before_.cs != kUserCode ||
        ptrace(PTRACE_GETSIGMASK, thread_.tid, sizeof signals_, &signals_) != 0) {
      done.why_not = "the registers of its threads cannot be read";
      return done;
    }
    if (!send(call, wanted)) {
      done.why_not = "its threads cannot be borrowed";
      return done;
    }
    follow(wanted, &done);
    return done;
  }

 private:
  bool send(TwinCall call, const SystemCall& wanted) {
    call.busy = 1;
    call.number = wanted.number;
    for (std::size_t i = 0; i < wanted.arguments.size(); ++i) {
      call.arguments[i] = wanted.arguments[i];
    }
    call.signals = signals_;
    describe(before_, &call);
    const long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD;
    step();
    if (ptrace(PTRACE_SETOPTIONS, thread_.tid, nullptr, options) != 0 ||
        !write_target(pid_, address_, &call, sizeof call)) {
      return false;
    }
    step();
    user_regs_struct registers = before_;
    registers.rip = call.code;
    registers.orig_rax = ~std::uint64_t{0};  // no call that would be made again here
    registers.rax = 0;
    if (!set_registers(thread_.tid, registers)) {
      set_busy(0);
      return false;
    }
    step();
    // Signals are blocked from here: a thread on its own does it itself, before anything else.
    std::uint64_t all = ~std::uint64_t{0};
    registers.rip = call.code + protocol::kBlockingBytes;
    if (ptrace(PTRACE_SETSIGMASK, thread_.tid, sizeof all, &all) != 0) {
      put_back();
      return false;
    }
    step();
    if (!set_registers(thread_.tid, registers)) {
      put_back();
      return false;
    }
    step();
    return true;
  }

  // One that can be cut short (as a clone cannot) is told so when it has begun, which saves a stop:
  // the thread has to get a processor for each.
  static bool may_be_interrupted(const SystemCall& wanted) {
    return wanted.number != SYS_clone && wanted.number != SYS_userfaultfd;
  }

  // What the call gave is the target's for as long as the thread stands here. True: it is closed
  // next.
  bool hand_over(const SystemCall& wanted, BorrowedCall* done) const {
    user_regs_struct registers{};
    if (wanted.number != SYS_userfaultfd || !get_registers(thread_.tid, &registers)) return false;
    done->result = static_cast<long>(registers.rax);
    if (done->result < 0) return false;
    if (wanted.on_descriptor) wanted.on_descriptor(static_cast<int>(done->result));
    return true;
  }

  // To the beginning of the call, to its end, and to where the kernel looks for signals and calls
  // to be made again: only from there the old registers lead back.
  void follow(const SystemCall& wanted, BorrowedCall* done) {
    bool is_handed_over = false;
    for (bool has_begun = false, has_ended = false; !has_ended;) {
      if (has_begun && may_be_interrupted(wanted)) break;
      if (ptrace(PTRACE_SYSCALL, thread_.tid, nullptr, nullptr) != 0) return lose(done);
      const int status = next_stop(thread_.tid, has_begun ? kCloneSeconds : kStepSeconds);
      if (status <= 0) return lose(done);
      step();
      if (status >> 8 == kSystemCallStop && is_handed_over) {
        break;  // it is about to close it
      } else if (status >> 8 == kSystemCallStop) {
        is_handed_over = has_begun && hand_over(wanted, done);
        has_ended = has_begun && !is_handed_over;
        has_begun = true;
      } else if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_CLONE << 8))) {
        unsigned long child = 0;
        ptrace(PTRACE_GETEVENTMSG, thread_.tid, nullptr, &child);
        done->child = static_cast<pid_t>(child);
        break;  // the call is made
      } else {
        done->why_not = "a signal came in between";
        // One that the way itself brought about (another filter of system calls) is not the
        // program's.
        const int signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
        const bool is_ours =
            signal == SIGSEGV || signal == SIGSYS || signal == SIGILL || signal == SIGTRAP;
        put_back();
        thread_.held_signal = is_ours ? 0 : signal;
        return;
      }
    }
    ptrace(PTRACE_INTERRUPT, thread_.tid, nullptr, nullptr);
    if (ptrace(PTRACE_CONT, thread_.tid, nullptr, nullptr) != 0) return lose(done);
    const int status = next_stop(thread_.tid, kStepSeconds);
    if (status <= 0) return lose(done);
    step();
    if (status >> 16 == 0) thread_.held_signal = WSTOPSIG(status);
    user_regs_struct after{};
    if (!is_handed_over && get_registers(thread_.tid, &after)) {
      done->result = static_cast<long>(after.rax);
    }
    put_back();
  }

  void put_back() {
    ptrace(PTRACE_SETSIGMASK, thread_.tid, sizeof signals_, &signals_);
    step();
    // In this order: a thread that finds back alone says by itself that it is still at it.
    set_busy(0);
    step();
    set_registers(thread_.tid, before_);
    step();
    ptrace(PTRACE_SETOPTIONS, thread_.tid, nullptr, 0L);
  }

  // It has ended, or does not get a processor; then it comes back by itself, and is let go as soon
  // as it stops (release_stragglers).
  void lose(BorrowedCall* done) {
    done->why_not = "a thread of it did not come to a stop";
    thread_.is_plain_stop = false;
    ptrace(PTRACE_INTERRUPT, thread_.tid, nullptr, nullptr);
  }

  void set_busy(std::uint64_t busy) {
    write_target(pid_, address_ + offsetof(TwinCall, busy), &busy, sizeof busy);
  }

  pid_t pid_;
  StoppedThread& thread_;
  std::uint64_t address_;
  user_regs_struct before_{};
  std::uint64_t signals_ = 0;
};

}  // namespace

void (*at_borrowed_step)() = nullptr;

int next_stop(pid_t tid, double patience_seconds) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(patience_seconds);
  constexpr unsigned kSpins = 200;
  constexpr useconds_t kNap = 20;
  for (unsigned turn = 0;; ++turn) {
    int status = 0;
    const pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
    if (got == tid && WIFSTOPPED(status)) return status;
    if (got != 0) return -1;
    if (turn < kSpins) {
      sched_yield();
    } else if (Clock::now() >= deadline) {
      return 0;
    } else {
      usleep(kNap);
    }
  }
}

bool may_be_borrowed(const StoppedThread& thread) {
  if (!thread.is_plain_stop || thread.held_signal != 0) return false;
  user_regs_struct registers{};
  if (!get_registers(thread.tid, &registers) || registers.cs != kUserCode) return false;
  if (is_in_sandbox(thread.tid)) return false;
  return is_in_system_call(registers) || !is_in_restartable_sequence(thread.tid);
}

bool read_twin_call(pid_t pid, std::uint64_t address, TwinCall* call, std::string* why_not) {
  if (address == 0) {
    *why_not = "the library in it has no code for that";
    return false;
  }
  if (!read_target(pid, address, call, sizeof *call) || call->code == 0 ||
      call->code_end <= call->code) {
    *why_not = "the library in it cannot be read";
    return false;
  }
  if (call->busy != 0) {
    *why_not = "an earlier check was cut off right in the middle";
    return false;
  }
  return true;
}

void forget_twin(pid_t pid, std::uint64_t address) {
  const std::uint64_t none = 0;
  write_target(pid, address + offsetof(TwinCall, twin), &none, sizeof none);
}

BorrowedCall call_in(pid_t pid, StoppedThread& thread, std::uint64_t address,
                     const SystemCall& call) {
  return Errand(pid, thread, address).run(call);
}

}  // namespace memwatch::reachability
