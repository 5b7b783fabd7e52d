#include <fcntl.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>

#include "collector/base/unique_fd.h"
#include "collector/procfs/stat_line.h"
#include "collector/reachability/borrowed_call.h"
#include "collector/reachability/twin.h"

namespace memwatch::reachability {

namespace {

using Clock = std::chrono::steady_clock;
using protocol::TwinCall;

constexpr double kStepSeconds = 5;

std::string call_failed(long result) {
  return "the system refused: " + std::generic_category().message(static_cast<int>(-result));
}

StoppedThread* borrowable(StoppedThreads& stopped) {
  const auto found =
      std::find_if(stopped.threads().begin(), stopped.threads().end(), may_be_borrowed);
  return found == stopped.threads().end() ? nullptr : &*found;
}

// The process takes the remains of its twin, as every parent has to. False: it did not.
bool take_remains(pid_t process, StoppedThreads& stopped, std::uint64_t address) {
  TwinCall call;
  std::string why_not;
  if (!read_twin_call(process, address, &call, &why_not)) return false;
  const auto twin = static_cast<std::uint32_t>(call.twin);
  if (twin == 0) return true;
  StoppedThread* const thread = borrowable(stopped);
  if (thread == nullptr) return false;
  SystemCall wait;
  wait.number = SYS_wait4;
  // Of a child of its own that has the number by now it is to hear by itself: __WCLONE is for those
  // that send no SIGCHLD.
  constexpr std::uint32_t kOptions = static_cast<std::uint32_t>(__WCLONE) | WNOHANG;
  wait.arguments = {twin, 0, kOptions, 0, 0};
  const BorrowedCall done = call_in(process, *thread, address, wait);
  if (!done.why_not.empty() || done.result == 0) return false;
  forget_twin(process, address);
  return true;
}

// To be had where it can be: else it is one of many.
void end_first_when_memory_is_short(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/oom_score_adj";
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  constexpr char kFirst[] = "1000";
  if (!file.is_open() || write(file.get(), kFirst, sizeof kFirst - 1) < 0) return;
}

BorrowedCall clone_in(pid_t process, StoppedThread& thread, std::uint64_t address) {
  SystemCall clone;
  clone.number = SYS_clone;
  // Descriptors in common until the twin has let go of them: a copy of the table would keep open
  // what the program closes. No signal at its end, and nothing else in common: a file system
  // context that is shared would take the privileges from an exec.
  clone.arguments = {CLONE_FILES | CLONE_PARENT_SETTID, 0, address + offsetof(TwinCall, twin), 0,
                     0};
  return call_in(process, thread, address, clone);
}

// By its number as we see it; a process in another PID namespace knows it by another one.
bool is_ending(pid_t process, std::uint64_t twin) {
  const auto stat = procfs::read_stat(static_cast<pid_t>(static_cast<std::uint32_t>(twin)));
  return stat && stat->ppid == process && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace

void Twin::await_remains(pid_t process, std::uint64_t address) {
  constexpr std::chrono::seconds kPatience{2};
  constexpr useconds_t kBetween = 1'000;
  const auto deadline = Clock::now() + kPatience;
  TwinCall call;
  std::string why_not;
  while (read_twin_call(process, address, &call, &why_not) && call.twin != 0 &&
         is_ending(process, call.twin) && Clock::now() < deadline) {
    usleep(kBetween);
  }
}

std::unique_ptr<Twin> Twin::make(pid_t process, StoppedThreads& stopped, std::uint64_t call,
                                 std::string* why_not) {
  TwinCall now;
  if (!read_twin_call(process, call, &now, why_not)) return nullptr;
  for (const StoppedThread& thread : stopped.threads()) {
    if (thread.instruction >= now.code && thread.instruction < now.code_end) {
      *why_not = "an earlier check was cut off right in the middle";
      return nullptr;
    }
  }
  if (!take_remains(process, stopped, call)) {
    *why_not = "what is left of an earlier check is in the way";
    return nullptr;
  }
  StoppedThread* const thread = borrowable(stopped);
  if (thread == nullptr) {
    *why_not = "none of its threads could be borrowed";
    return nullptr;
  }
  const BorrowedCall cloned = clone_in(process, *thread, call);
  if (cloned.child != 0) {
    std::unique_ptr<Twin> twin(new Twin(process, call, cloned.child));
    if (cloned.why_not.empty()) return twin;
    *why_not = cloned.why_not;
    kill(twin->pid_, SIGKILL);
    waitpid(twin->pid_, nullptr, __WALL);
    twin->has_ended_ = true;
    twin->is_waited_for_ = take_remains(process, stopped, call);
    return nullptr;
  }
  forget_twin(process, call);
  *why_not = cloned.why_not.empty() ? call_failed(cloned.result) : cloned.why_not;
  return nullptr;
}

bool Twin::settle(std::string* why_not) {
  *why_not = "its copy did not come to a stop";
  if (next_stop(pid_, kStepSeconds) <= 0) return false;
  if (at_borrowed_step != nullptr) at_borrowed_step();
  const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
  if (ptrace(PTRACE_SETOPTIONS, pid_, nullptr, options) != 0) return false;
  // Into and out of the call that lets go of its descriptors.
  for (int stops = 0; stops < 2; ++stops) {
    if (ptrace(PTRACE_SYSCALL, pid_, nullptr, nullptr) != 0 ||
        next_stop(pid_, kStepSeconds) >> 8 != (SIGTRAP | 0x80)) {
      return false;
    }
    if (at_borrowed_step != nullptr) at_borrowed_step();
  }
  user_regs_struct registers{};
  if (ptrace(PTRACE_GETREGS, pid_, nullptr, &registers) != 0) return false;
  if (registers.rax != 0) {
    *why_not = "it needs Linux 5.9";  // close_range
    return false;
  }
  end_first_when_memory_is_short(pid_);
  why_not->clear();
  return true;
}

bool Twin::is_alive() {
  if (has_ended_) return false;
  int status = 0;
  const pid_t got = waitpid(pid_, &status, __WALL | WNOHANG);
  has_ended_ = got < 0 || (got == pid_ && !WIFSTOPPED(status));
  return !has_ended_;
}

double Twin::end() {
  if (is_waited_for_) return 0;
  is_waited_for_ = true;
  const auto step = [] {
    if (at_borrowed_step != nullptr) at_borrowed_step();
  };
  step();
  if (!has_ended_) {
    kill(pid_, SIGKILL);
    step();
    int status = 0;
    while (waitpid(pid_, &status, __WALL) == pid_ && WIFSTOPPED(status)) {
    }
    has_ended_ = true;
    step();
  }
  double stopped_seconds = 0;
  constexpr int kTries = 3;
  constexpr useconds_t kBetween = 10'000;
  for (int i = 0; i < kTries; ++i) {
    TwinCall call;
    std::string why_not;
    // The shim was quicker, or it is another program by now.
    if (!read_twin_call(process_, call_, &call, &why_not) || call.twin == 0) break;
    StoppedThreads one;
    const bool is_done = one.stop_one(process_).empty() && take_remains(process_, one, call_);
    one.go_on();
    if (one.until() > one.since()) {
      stopped_seconds += std::chrono::duration<double>(one.until() - one.since()).count();
    }
    if (is_done) break;
    usleep(kBetween);
  }
  return stopped_seconds;
}

}  // namespace memwatch::reachability
