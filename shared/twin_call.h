// How the collector has a thread of the target make one system call: the clone that gives it a
// twin of the process to read (collector/reachability/twin.h), the wait for the twin's end, or the
// userfaultfd by which it learns what is written to (collector/reachability/written_pages.h). The
// thread stands still, by ptrace; its registers are put down here, and it goes on at `code`, which
// is the shim's own:
//
//   blocks all signals · makes the call · [of a clone, the twin: lets go of all descriptors, ends]
//   waits for the twin's end · [of userfaultfd: closes the descriptor, which the collector has by
//   then] · signals as before · registers as before · back
//
// The collector watches every step of it and puts the thread back itself once the call is made, the
// kernel's way of restarting an interrupted call included. What comes after the call is for the
// case that the collector is killed in between: the thread finds back alone, and a twin that nobody
// keeps ends before it has run one instruction of the program's.
//
// Lies in the target's memory. Nobody uses a stack. Used by one collector at a time (ptrace sees to
// it) and for one thread at a time (`busy`). The offsets are known to preload/twin_call_x86_64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::protocol {

// Of the code, what blocks signals. The collector has blocked them by then, and sends the thread to
// what comes after.
inline constexpr std::uint64_t kBlockingBytes = 27;

struct TwinCall {
  // Target, once: where the code begins and ends.
  std::uint64_t code, code_end;
  // 1 while what follows is needed: from before the thread is sent there (collector) until it is
  // back (collector, or the thread itself). Where the collector was killed just before it sent the
  // thread it stays 1, and nobody can tell: then there are no more twins of this process.
  std::uint64_t busy;
  // Kernel: the twin's process id as the target sees it (its low half). 0 once it has been waited
  // for.
  std::uint64_t twin;
  // Collector: the call.
  std::uint64_t number, arguments[5];
  // Collector: the signals that were blocked.
  std::uint64_t signals;
  // Collector: where and as what the thread goes on.
  std::uint64_t flags, ip, sp, ax, bx, cx, dx, si, di, bp, r8, r9, r10, r11, r12, r13, r14, r15;
};
static_assert(offsetof(TwinCall, twin) == 24 && offsetof(TwinCall, number) == 32 &&
              offsetof(TwinCall, signals) == 80 && offsetof(TwinCall, flags) == 88 &&
              offsetof(TwinCall, ax) == 112 && offsetof(TwinCall, r8) == 168 &&
              sizeof(TwinCall) == 232);

}  // namespace memwatch::protocol
