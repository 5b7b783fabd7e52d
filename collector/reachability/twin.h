// A copy-on-write twin of a process: its memory as it was at one moment, to be read at leisure
// while the process goes on. Making it copies page tables alone. It has no descriptors, never runs
// an instruction of the program's, is killed by the kernel when we end, and by itself if we are
// killed before that is arranged. What it lacks or does not keep as it was is in twin_room.h.
//
// It is a child of the process's that a plain wait does not see (no signal at its end; __WALL and
// __WCLONE do see it). end() leaves nothing of it; where we are killed while it lives, a zombie is
// left, which the next check takes away, or the shim before an exec.
//
// All calls from the thread that stopped the process. Linux.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "collector/reachability/stopped_threads.h"

namespace memwatch::reachability {

class Twin {
 public:
  // Before the threads are stopped: one that a check left behind when it was killed ends by itself,
  // but needs a processor for it. Waits for that for at most two seconds.
  static void await_remains(pid_t process, std::uint64_t call);

  // `stopped`: all threads of the process; `call`: the address of its protocol::TwinCall. Null: see
  // `why_not`; then all is as it was. To be followed by settle().
  static std::unique_ptr<Twin> make(pid_t process, StoppedThreads& stopped, std::uint64_t call,
                                    std::string* why_not);
  ~Twin() { end(); }
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  // Once the process has gone on, at once: up to the point from which the twin only stands. False:
  // it cannot be used.
  bool settle(std::string* why_not);

  [[nodiscard]] pid_t pid() const { return pid_; }

  // To be asked every millisecond or so: a process that is about to exec waits for its twin's end.
  bool is_alive();

  // Returns the seconds for which one thread of the process was stopped for it.
  double end();

 private:
  Twin(pid_t process, std::uint64_t call, pid_t pid) : process_(process), call_(call), pid_(pid) {}

  pid_t process_;
  std::uint64_t call_;
  pid_t pid_;
  bool has_ended_ = false, is_waited_for_ = false;
};

}  // namespace memwatch::reachability
