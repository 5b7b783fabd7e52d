#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "collector/procfs/process_list.h"
#include "collector/procfs/stat_line.h"
#include "collector/procfs/text.h"
#include "collector/reachability/borrowed_call.h"
#include "collector/reachability/stopped_threads.h"

namespace memwatch::reachability {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{1000};  // for a thread deep in the kernel
constexpr int kRounds = 50;                           // of looking for threads born meanwhile

std::string why_refused(int error) {
  if (error == EPERM) {
    return "the system does not allow stopping its threads (another debugger, kernel.yama."
           "ptrace_scope, or a container's limits)";
  }
  return "stopping its threads failed: " + std::generic_category().message(error);
}

// Threads that were told to stop, did not do so in time and cannot be let go before they have: in a
// vfork until the child lets them go, or without a processor on a busy machine.
struct Straggler {
  pid_t tid = 0;
  bool is_own_child = false;
};

// Of the calling thread, since ptrace takes requests from the thread that seized alone.
std::vector<Straggler>& stragglers() {
  thread_local std::vector<Straggler> list;
  return list;
}

// A twin that came too late (borrowed_call.h).
void end_child_of(pid_t tid) {
  unsigned long child = 0;
  if (ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &child) != 0 || child == 0) return;
  kill(static_cast<pid_t>(child), SIGKILL);
  waitpid(static_cast<pid_t>(child), nullptr, __WALL);
}

enum class Event { none, stop, end };

// What has become of a thread of ours; with a stop its `status`, as waitpid gives it. The end of a
// child is left to be waited for.
Event take_event(pid_t tid, bool is_own_child, int* status) {
  siginfo_t info{};
  const auto id = static_cast<id_t>(tid);
  if (is_own_child) {
    const int got = waitid(P_PID, id, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL);
    if (got != 0) return Event::end;
    if (info.si_pid == 0) return Event::none;
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) return Event::end;
  }
  const pid_t got = waitpid(tid, status, __WALL | WNOHANG);
  if (got == 0) return Event::none;
  return got == tid && WIFSTOPPED(*status) ? Event::stop : Event::end;
}

// True when nothing is left to do for it.
bool let_go(const Straggler& straggler) {
  int status = 0;
  const Event event = take_event(straggler.tid, straggler.is_own_child, &status);
  if (event != Event::stop) return event == Event::end;
  if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_CLONE << 8))) end_child_of(straggler.tid);
  const long signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
  ptrace(PTRACE_DETACH, straggler.tid, nullptr, signal);
  return true;
}

// One that has ended may still be listed for a moment, and the first thread until all have.
bool has_ended(pid_t pid, pid_t tid) {
  const auto stat = procfs::read_stat(tid, procfs::process_path("/proc", pid, "task"));
  return !stat || stat->state == 'Z' || stat->state == 'X';
}

// Those that have a processor, the busiest first, then the others. One that sleeps has to be given
// a processor for each step of its errand while the others run on: beside one that computes without
// end that is its turn of 4 ms (measured) each time.
std::vector<pid_t> busiest_first(pid_t pid) {
  constexpr std::size_t kMostAsked = 64;  // of a thousand that would take long
  std::vector<pid_t> tids = procfs::threads_of_process(pid);
  std::vector<std::pair<std::uint64_t, pid_t>> running;
  const std::string place = procfs::process_path("/proc", pid, "task");
  for (std::size_t i = 0; i < std::min(kMostAsked, tids.size()); ++i) {
    const auto stat = procfs::read_stat(tids[i], place);
    if (stat && stat->state == 'R') running.emplace_back(stat->cpu_ticks, tids[i]);
  }
  std::sort(running.begin(), running.end());
  for (const auto& [ticks, tid] : running) {
    const auto at = std::find(tids.begin(), tids.end(), tid);
    std::rotate(tids.begin(), at, at + 1);
  }
  return tids;
}

// Whoever has slept gets a whole turn on the processor (some 3 ms) when it wakes up. One that is at
// the end of its turn would have to wait for one of a thread that it is about to stop: 3 to 9 ms,
// measured in one check of fifty.
void begin_a_turn() {
  constexpr useconds_t kNap = 50;
  usleep(kNap);
}

}  // namespace

void release_stragglers() {
  std::erase_if(stragglers(), let_go);
}

StoppedThreads::~StoppedThreads() {
  go_on();
}

void StoppedThreads::go_on() {
  // Before the others take the processors.
  const bool are_held = !held_.threads().empty();
  held_.let_go();
  if (are_held) until_ = Clock::now();
  for (const StoppedThread& thread : threads_) {
    // Before: one that goes on may take the processor from us.
    until_ = Clock::now();
    // The word is the signal to deliver, 0 for none. Fails for a thread that has ended, and for one
    // that has not stopped yet: that one would stop later and stand still for ever.
    if (ptrace(PTRACE_DETACH, thread.tid, nullptr, static_cast<long>(thread.held_signal)) != 0) {
      stragglers().push_back({thread.tid, thread.tid == pid_ && is_own_child_});
    }
  }
  threads_.clear();
  release_stragglers();
}

bool StoppedThreads::await_stop(StoppedThread& thread, Clock::time_point deadline) const {
  for (unsigned turn = 0;; ++turn) {
    int status = 0;
    const Event event = take_event(thread.tid, thread.tid == pid_ && is_own_child_, &status);
    if (event == Event::stop) {
      // A stop by PTRACE_INTERRUPT says so in the high bits; anything else is a signal on its way.
      if (status >> 16 == 0) thread.held_signal = WSTOPSIG(status);
      thread.is_plain_stop = status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) == SIGTRAP;
      return true;
    }
    if (event == Event::end || Clock::now() >= deadline) return false;
    if (turn > 100) usleep(50);
  }
}

std::string StoppedThreads::seize(pid_t tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) == 0) {
    threads_.emplace_back().tid = tid;
    return {};
  }
  const int error = errno;
  if (error == ESRCH) return {};
  if (!has_ended(pid_, tid)) return why_refused(error);
  first_has_ended_ = first_has_ended_ || tid == pid_;
  return {};
}

std::string StoppedThreads::seize_new_threads(pid_t except, const std::vector<pid_t>& held) {
  // All lists are in the order of their numbers.
  const std::size_t known = threads_.size();
  const auto is_known = [&](pid_t tid) {
    const auto end = threads_.begin() + static_cast<std::ptrdiff_t>(known);
    const auto at = std::lower_bound(
        threads_.begin(), end, tid,
        [](const StoppedThread& thread, pid_t sought) { return thread.tid < sought; });
    return at != end && at->tid == tid;
  };
  for (const pid_t tid : procfs::threads_of_process(pid_)) {
    if (tid == except || is_known(tid) || std::binary_search(held.begin(), held.end(), tid)) {
      continue;
    }
    std::string why = seize(tid);
    if (!why.empty()) return why;
  }
  return {};
}

// The number of links tells that of the threads (proc_task_getattr in fs/proc/base.c), in a
// thousandth of the time that a list of a thousand takes. A thread that was born since the list was
// made cannot stand for one that has ended: ours are still there, since they stand still.
bool StoppedThreads::has_all(pid_t except) const {
  struct stat tasks {};
  constexpr std::size_t kOfDirectory = 2;
  if (::stat(procfs::process_path("/proc", pid_, "task").c_str(), &tasks) != 0) return false;
  const std::size_t known =
      threads_.size() + held_.threads().size() + (first_has_ended_ ? 1 : 0) + (except != 0 ? 1 : 0);
  return tasks.st_nlink == kOfDirectory + known;
}

std::string StoppedThreads::stop_seized_threads(std::size_t first) {
  for (std::size_t i = first; i < threads_.size(); ++i) {
    ptrace(PTRACE_INTERRUPT, threads_[i].tid, nullptr, nullptr);
  }
  const Clock::time_point deadline = Clock::now() + kPatience;
  std::string why;
  for (std::size_t i = first; i < threads_.size() && why.empty(); ++i) {
    StoppedThread& thread = threads_[i];
    if (await_stop(thread, deadline)) {
      read_registers(thread);
    } else if (Clock::now() >= deadline) {
      why = "thread " + std::to_string(thread.tid) + " could not be stopped";
    } else {
      thread.tid = 0;
    }
  }
  std::erase_if(threads_, [](const StoppedThread& thread) { return thread.tid == 0; });
  std::sort(
      threads_.begin(), threads_.end(),
      [](const StoppedThread& one, const StoppedThread& other) { return one.tid < other.tid; });
  return why;
}

std::string StoppedThreads::stop(pid_t pid, pid_t except) {
  pid_ = pid;
  const auto stat = procfs::read_stat(pid);
  is_own_child_ = stat && stat->ppid == getpid();
  std::vector<pid_t> held = held_.numbers();
  std::string why = seize_new_threads(except, held);
  begin_a_turn();
  held_.freeze();
  since_ = Clock::now();  // seizing lets them run on, and so does what is held until then
  if (why.empty()) {
    std::vector<pid_t> woken = std::move(held);
    held = held_.numbers();
    std::erase_if(woken,
                  [&](pid_t tid) { return std::binary_search(held.begin(), held.end(), tid); });
    for (const pid_t tid : woken) {
      if (why.empty()) why = seize(tid);
    }
  }
  std::size_t before = 0;
  for (int round = 0; round < kRounds; ++round) {
    // Also where one was refused: none can be let go before it has stopped.
    const std::string why_on = stop_seized_threads(before);
    if (why.empty()) why = why_on;
    if (!why.empty() || has_all(except)) break;
    before = threads_.size();
    why = seize_new_threads(except, held);
    if (why.empty() && threads_.size() == before) break;
  }
  all_since_ = Clock::now();
  if (!why.empty()) {
    go_on();
    return why;
  }
  if (threads_.empty() && held.empty() && except == 0) return "it has ended";
  return {};
}

std::vector<StoppedThread> StoppedThreads::everyone() const {
  std::vector<StoppedThread> all;
  all.reserve(threads_.size() + held_.threads().size());
  std::merge(threads_.begin(), threads_.end(), held_.threads().begin(), held_.threads().end(),
             std::back_inserter(all), [](const StoppedThread& one, const StoppedThread& other) {
               return one.tid < other.tid;
             });
  return all;
}

std::string StoppedThreads::stop_one(pid_t pid) {
  pid_ = pid;
  const auto stat = procfs::read_stat(pid);
  is_own_child_ = stat && stat->ppid == getpid();
  since_ = Clock::now();
  constexpr std::size_t kMostTried = 16;
  std::size_t tried = 0;
  const std::vector<pid_t> tids = busiest_first(pid);
  begin_a_turn();
  for (const pid_t tid : tids) {
    if (tried++ == kMostTried) break;
    if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) {
      if (errno == ESRCH) continue;
      return why_refused(errno);
    }
    ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
    StoppedThread& thread = threads_.emplace_back();
    thread.tid = tid;
    constexpr std::chrono::milliseconds kShortPatience{100};
    const bool is_stopped = await_stop(thread, Clock::now() + kShortPatience);
    since_ = Clock::now();  // until then it did what it does
    if (is_stopped && may_be_borrowed(thread)) return {};
    go_on();
  }
  return "none of its threads could be borrowed";
}

void StoppedThreads::await_end(std::chrono::milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (!threads_.empty() && Clock::now() < deadline) {
    std::erase_if(threads_, [&](const StoppedThread& thread) {
      siginfo_t info{};
      // Looked at, not taken. Of somebody else's child it has to be taken before the parent is
      // told.
      if (thread.tid == pid_ && is_own_child_) {
        return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
               info.si_pid == pid_;
      }
      int status = 0;
      const pid_t got = waitpid(thread.tid, &status, __WALL | WNOHANG);
      return got < 0 || (got == thread.tid && !WIFSTOPPED(status));
    });
    if (!threads_.empty()) usleep(50);
  }
  go_on();
}

}  // namespace memwatch::reachability
