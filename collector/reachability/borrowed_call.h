// One system call made by a stopped thread of another process, in that process: shared/twin_call.h
// tells how the thread gets there and back. The thread stands still before and after, with the
// registers, the signals blocked and the interrupted system call it had. Should we be killed
// meanwhile, at whatever step, the thread finds back by itself. To be called by the thread that
// stopped it. Linux, x86-64.
//
// A thread may be borrowed when it has stopped for us alone (no signal on its way, which would come
// to be handled somewhere else, no stop of a shell's), is in no restartable sequence (rseq), which
// the kernel would not find interrupted on its return, and has no filter of system calls (seccomp),
// which might end the process.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "collector/reachability/stopped_threads.h"
#include "shared/twin_call.h"

namespace memwatch::reachability {

struct SystemCall {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 5> arguments{};
  // Of a userfaultfd: called with its descriptor (of the target's), which the thread closes next.
  std::function<void(int descriptor)> on_descriptor;
};

struct BorrowedCall {
  std::string why_not;  // not empty: it was not made
  long result = 0;      // -errno where it failed
  pid_t child = 0;      // of a clone: stopped and traced, not yet waited for
};

bool may_be_borrowed(const StoppedThread& thread);

// What lies at the address that the target told; false: nothing that can be used, and `why_not`.
bool read_twin_call(pid_t pid, std::uint64_t address, protocol::TwinCall* call,
                    std::string* why_not);
// Notes in the target that there is no twin any more.
void forget_twin(pid_t pid, std::uint64_t address);

BorrowedCall call_in(pid_t pid, StoppedThread& thread, std::uint64_t address,
                     const SystemCall& call);

// The next stop of a traced thread as waitpid tells it; -1: it has ended, 0: not in time.
int next_stop(pid_t tid, double patience_seconds);

// For tests: called before each step at which we could be killed.
extern void (*at_borrowed_step)();

}  // namespace memwatch::reachability
