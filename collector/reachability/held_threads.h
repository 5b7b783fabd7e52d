// Threads of another process that sleep in a system call, held in it: they sleep on, and one whose
// call ends stands still at its end, without a single instruction of the program's, until it is let
// go. So a process with a thousand threads that wait for work can stand still without each of them
// having to stop in that moment, which takes the kernel 15 µs for each (measured: as long as a copy
// of half a gigabyte's rest).
//
// How: a sleeping thread is stopped (PTRACE_INTERRUPT), makes its call again as the kernel would
// have it, is stopped at its beginning, where its registers are read, and goes on up to its end
// (PTRACE_SYSCALL, ptrace(2)). That is done while the process runs, a few threads at a time. Until
// freeze() a thread whose call ends is let go within a millisecond or so. What the kernel does for
// a call that ends while all stand still, it does: data that arrives is written to the buffer that
// the call named. Calls that could change a mapping or begin a thread are none that are held.
//
// A thread of ours, the keeper, is the tracer: when it ends, in whatever way, the kernel lets all
// go, and those that sleep do not notice. All calls from one thread. Linux, x86-64.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <vector>

#include "collector/reachability/stopped_thread.h"

namespace memwatch::reachability {

class HeldThreads {
 public:
  HeldThreads();
  ~HeldThreads();  // they go on
  HeldThreads(const HeldThreads&) = delete;
  HeldThreads& operator=(const HeldThreads&) = delete;

  // Takes hold of those that sleep, but for the process's first thread: whose end is told to its
  // parent, which may be us. Some 30 µs for each; `on_progress`: called every millisecond or so.
  // May hold none, for whatever reason: then they have to be stopped.
  void take(pid_t process, const std::function<void()>& on_progress);

  // Ascending. Before freeze() some of them may be let go at any time.
  [[nodiscard]] std::vector<pid_t> numbers() const;

  // From now on none is let go.
  void freeze();
  // Those that are held, once that is done: ascending, with the registers with which they go on,
  // but for the result of the call.
  [[nodiscard]] const std::vector<StoppedThread>& threads() const { return threads_; }

  // All go on; none is traced any more on return.
  void let_go();

 private:
  class Keeper;
  std::unique_ptr<Keeper> keeper_;
  std::vector<StoppedThread> threads_;
};

}  // namespace memwatch::reachability
