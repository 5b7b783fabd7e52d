// The threads of another process, standing still, with their registers: by ptrace
// (PTRACE_SEIZE, which sends no signal the program could see; whoever dies without letting go,
// even by SIGKILL, has let go: the kernel does it). Signals that arrive meanwhile are delivered
// when the threads go on. All calls from the thread that stopped them. Linux, x86-64 registers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace memwatch::reachability {

struct StoppedThread {
  pid_t tid = 0;
  bool has_registers = false;
  bool is_plain_stop = false;  // for us alone, with no signal under way
  std::uint64_t stack_pointer = 0, thread_pointer = 0, instruction = 0;
  std::vector<std::uint64_t> registers;  // general registers, and what may be pointers in others
  int held_signal = 0;                   // to be delivered when it goes on
};

class StoppedThreads {
 public:
  StoppedThreads() = default;
  StoppedThreads(const StoppedThreads&) = delete;
  StoppedThreads& operator=(const StoppedThreads&) = delete;
  ~StoppedThreads();  // they go on

  // Stops every thread but `except` (0: every one). Empty: done; else why not, and they go on.
  std::string stop(pid_t pid, pid_t except);

  // Stops one thread that may be borrowed (borrowed_call.h), if it can be one that has a processor.
  // Empty: done.
  std::string stop_one(pid_t pid);

  [[nodiscard]] const std::vector<StoppedThread>& threads() const { return threads_; }
  [[nodiscard]] std::vector<StoppedThread>& threads() { return threads_; }
  // When the first was told to stop; of one alone, when it had stopped.
  [[nodiscard]] std::chrono::steady_clock::time_point since() const { return since_; }
  // When the last was let go, if any was.
  [[nodiscard]] std::chrono::steady_clock::time_point until() const { return until_; }

  void go_on();

  // The process is about to end while they stand still: collects their ends, and lets those go on
  // that are still there after the patience. The end of a child of ours is left to be waited for.
  void await_end(std::chrono::milliseconds patience);

 private:
  // Threads that are not among these yet become ours to stop, and run on. Empty, or why not.
  std::string seize_new_threads(pid_t except);
  // Those from the first on; those that have ended are taken out. Empty, or why not.
  std::string stop_seized_threads(std::size_t first);
  static bool await_stop(StoppedThread& thread, std::chrono::steady_clock::time_point deadline);
  static void read_registers(StoppedThread& thread);

  pid_t pid_ = 0;
  bool is_own_child_ = false;
  std::vector<StoppedThread> threads_;  // by number
  std::chrono::steady_clock::time_point since_, until_;
};

// Threads that did not stop in time cannot be let go before they do: lets go those that have. To be
// called every now and then by the thread that stopped any; costs nothing when there are none.
void release_stragglers();

}  // namespace memwatch::reachability
