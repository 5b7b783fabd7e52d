// The threads of another process, standing still, with their registers: by ptrace
// (PTRACE_SEIZE, which sends no signal the program could see; whoever dies without letting go,
// even by SIGKILL, has let go: the kernel does it). Signals that arrive meanwhile are delivered
// when the threads go on. All calls from the thread that stopped them. Linux.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "collector/reachability/held_threads.h"
#include "collector/reachability/stopped_thread.h"

namespace memwatch::reachability {

class StoppedThreads {
 public:
  StoppedThreads() = default;
  StoppedThreads(const StoppedThreads&) = delete;
  StoppedThreads& operator=(const StoppedThreads&) = delete;
  ~StoppedThreads();  // they go on

  // To come before stop() where there are many: those that sleep need not be stopped then
  // (held_threads.h).
  void hold_sleeping(pid_t pid, const std::function<void()>& on_progress) {
    held_.take(pid, on_progress);
  }

  // Stops every thread but `except` (0: every one). Empty: done; else why not, and they go on.
  std::string stop(pid_t pid, pid_t except);

  // Stops one thread that may be borrowed (borrowed_call.h), if it can be one that has a processor.
  // Empty: done.
  std::string stop_one(pid_t pid);

  // With those that are held.
  [[nodiscard]] std::vector<StoppedThread> everyone() const;
  // Those that had to be stopped.
  [[nodiscard]] const std::vector<StoppedThread>& threads() const { return threads_; }
  [[nodiscard]] std::vector<StoppedThread>& threads() { return threads_; }
  // When the first was told to stop; of one alone, when it had stopped.
  [[nodiscard]] std::chrono::steady_clock::time_point since() const { return since_; }
  // When all of them stood still.
  [[nodiscard]] std::chrono::steady_clock::time_point all_since() const { return all_since_; }
  // When the last was let go, if any was.
  [[nodiscard]] std::chrono::steady_clock::time_point until() const { return until_; }

  void go_on();

  // The process is about to end while they stand still: collects their ends, and lets those go on
  // that are still there after the patience. The end of a child of ours is left to be waited for.
  void await_end(std::chrono::milliseconds patience);

 private:
  // Threads that are not among these yet become ours to stop, and run on. Empty, or why not.
  std::string seize_new_threads(pid_t except, const std::vector<pid_t>& held);
  std::string seize(pid_t tid);
  // Are all threads there are among these?
  [[nodiscard]] bool has_all(pid_t except) const;
  // Those from the first on; those that have ended are taken out. Empty, or why not.
  std::string stop_seized_threads(std::size_t first);
  bool await_stop(StoppedThread& thread, std::chrono::steady_clock::time_point deadline) const;

  pid_t pid_ = 0;
  bool is_own_child_ = false;
  std::vector<StoppedThread> threads_;  // by number
  bool first_has_ended_ = false;        // and is still listed
  HeldThreads held_;
  std::chrono::steady_clock::time_point since_, all_since_, until_;
};

// Threads that did not stop in time cannot be let go before they do: lets go those that have. To be
// called every now and then by the thread that stopped any; costs nothing when there are none.
void release_stragglers();

}  // namespace memwatch::reachability
