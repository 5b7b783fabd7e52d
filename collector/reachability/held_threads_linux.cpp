#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "collector/procfs/process_list.h"
#include "collector/procfs/stat_line.h"
#include "collector/procfs/text.h"
#include "collector/reachability/held_threads.h"

namespace memwatch::reachability {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What si_status says of a stop (ptrace(2)).
constexpr int kInterrupted = SIGTRAP | (PTRACE_EVENT_STOP << 8);
constexpr int kAtSystemCall = SIGTRAP | 0x80;

// A thread sleeps in these, they change no mapping, and what they write is data.
bool may_be_held(std::int64_t system_call) {
  switch (system_call) {
    case SYS_futex:
    case SYS_read:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_accept:
    case SYS_accept4:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_restart_syscall:
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_wait4:
    case SYS_waitid:
      return true;
    default:
      return false;
  }
}

bool sleeps(pid_t process, pid_t tid) {
  const std::string tasks = procfs::process_path("/proc", process, "task");
  const auto call = procfs::read_text(procfs::process_path(tasks, tid, "syscall"));
  if (!call) return false;
  std::string_view rest = *call, word;
  if (!procfs::next_word(rest, word)) return false;
  const auto number = procfs::parse_number(word);  // none of one that runs
  if (!number || !may_be_held(static_cast<std::int64_t>(*number))) return false;
  const auto stat = procfs::read_stat(tid, tasks);
  return stat && stat->state == 'S';
}

}  // namespace

// The thread that traces them.
class HeldThreads::Keeper {
 public:
  explicit Keeper(pid_t process) : process_(process), thread_([this] { run(); }) {}
  ~Keeper() { end(); }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  bool has_taken_within(milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return stage_ != Stage::taking; });
  }

  // One of them does not stop, so that all are let go.
  bool has_given_up() {
    const std::lock_guard lock(mutex_);
    return stage_ == Stage::ended;
  }

  std::vector<pid_t> numbers() {
    const std::lock_guard lock(mutex_);
    std::vector<pid_t> numbers;
    for (const auto& [tid, grip] : grips_) numbers.push_back(tid);
    return numbers;
  }

  std::vector<StoppedThread> freeze() {
    const std::lock_guard lock(mutex_);
    stage_ = Stage::frozen;
    std::vector<StoppedThread> threads;
    threads.reserve(grips_.size());
    for (auto& [tid, grip] : grips_) threads.push_back(std::move(grip.thread));
    return threads;
  }

  void end() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stage_ = Stage::ended;
    }
    changed_.notify_all();
    thread_.join();
    // A thread lets go of those that it traces after it has woken whoever waits to join it.
    constexpr milliseconds kPatience{1000};
    const Clock::time_point deadline = Clock::now() + kPatience;
    while (syscall(SYS_tgkill, getpid(), tid_, 0) == 0 && Clock::now() < deadline) sched_yield();
  }

 private:
  enum class Stage { taking, keeping, frozen, ended };
  enum class Step { interrupted, on_its_way, held };
  struct Grip {
    StoppedThread thread;
    Step step = Step::interrupted;
  };
  using Grips = std::map<pid_t, Grip>;

  void run() {
    tid_ = static_cast<pid_t>(syscall(SYS_gettid));
    const bool has_taken = take();
    std::unique_lock lock(mutex_);
    if (!has_taken) grips_.clear();  // held by our end alone
    if (stage_ == Stage::taking) stage_ = has_taken ? Stage::keeping : Stage::ended;
    changed_.notify_all();
    constexpr milliseconds kBetween{1};
    while (stage_ != Stage::ended) {
      if (stage_ == Stage::keeping) look_after();
      changed_.wait_for(lock, kBetween, [this] { return stage_ == Stage::ended; });
    }
  }

  // False: there is one that does not stop.
  bool take() {
    // One that wakes up meanwhile waits for those that are under way with it.
    constexpr std::size_t kAtOnce = 32;
    constexpr milliseconds kPatience{20}, kLastPatience{200};
    std::size_t asked = 0;
    for (const pid_t tid : procfs::threads_of_process(process_)) {
      if (++asked % kAtOnce == 0) look_after();
      if (tid == process_ || !sleeps(process_, tid)) continue;
      if (ptrace(PTRACE_SEIZE, tid, nullptr, PTRACE_O_TRACESYSGOOD) != 0) continue;
      ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
      grips_[tid].thread.tid = tid;
      if (++unsettled_ >= kAtOnce) settle(kPatience);
    }
    settle(kPatience);
    settle(kLastPatience);
    return unsettled_ == 0;
  }

  void settle(milliseconds patience) {
    constexpr useconds_t kNap = 20;
    const Clock::time_point deadline = Clock::now() + patience;
    while (unsettled_ > 0 && Clock::now() < deadline) {
      if (!look_after()) usleep(kNap);
    }
    if (unsettled_ == 0) return;
    // Those whose call was cut short by the stop, and which do something else now.
    for (const auto& [tid, grip] : grips_) {
      if (grip.step == Step::on_its_way) ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
    }
  }

  // What has happened to any of them. False: nothing.
  bool look_after() {
    for (bool has_any = false;; has_any = true) {
      siginfo_t info{};
      constexpr int kWhat = WSTOPPED | WEXITED | WNOHANG | __WALL | __WNOTHREAD;
      if (waitid(P_ALL, 0, &info, kWhat) != 0 || info.si_pid == 0) return has_any;
      const auto at = grips_.find(info.si_pid);
      if (at == grips_.end()) continue;
      if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
        advance(at, info.si_status);
      } else {
        forget(at);
      }
    }
  }

  void advance(Grips::iterator at, int stop) {
    Grip& grip = at->second;
    if (grip.step == Step::interrupted && stop == kInterrupted) {
      if (go_on_to_next_stop(at->first)) {
        grip.step = Step::on_its_way;
        return;
      }
    } else if (grip.step == Step::on_its_way && stop == kAtSystemCall) {
      read_registers(grip.thread);
      if (grip.thread.has_registers && may_be_held(grip.thread.system_call) &&
          go_on_to_next_stop(at->first)) {
        grip.step = Step::held;
        --unsettled_;
        return;
      }
    }
    // Its call has ended, or else a signal is on its way, which is passed on.
    const bool is_signal = stop >> 8 == 0 && stop != kAtSystemCall;
    ptrace(PTRACE_DETACH, at->first, nullptr, static_cast<long>(is_signal ? stop : 0));
    forget(at);
  }

  static bool go_on_to_next_stop(pid_t tid) {
    return ptrace(PTRACE_SYSCALL, tid, nullptr, nullptr) == 0;
  }

  void forget(Grips::iterator at) {
    if (at->second.step != Step::held) --unsettled_;
    grips_.erase(at);
  }

  const pid_t process_;
  pid_t tid_ = 0;  // written before the caller is told that all is taken
  std::mutex mutex_;
  std::condition_variable changed_;
  Stage stage_ = Stage::taking;
  Grips grips_;  // the keeper's alone until all is taken
  std::size_t unsettled_ = 0;
  std::thread thread_;  // the last: it uses the others
};

HeldThreads::HeldThreads() = default;

HeldThreads::~HeldThreads() {
  let_go();
}

void HeldThreads::take(pid_t process, const std::function<void()>& on_progress) {
  let_go();
  try {
    keeper_ = std::make_unique<Keeper>(process);
  } catch (const std::system_error&) {  // no thread to be had (RLIMIT_NPROC, ulimit -u)
    return;
  }
  constexpr milliseconds kBeat{1};
  while (!keeper_->has_taken_within(kBeat)) {
    if (on_progress) on_progress();
  }
  // Before anybody else wants to stop them.
  if (keeper_->has_given_up()) let_go();
}

std::vector<pid_t> HeldThreads::numbers() const {
  return keeper_ == nullptr ? std::vector<pid_t>{} : keeper_->numbers();
}

void HeldThreads::freeze() {
  if (keeper_ != nullptr) threads_ = keeper_->freeze();
}

void HeldThreads::let_go() {
  keeper_.reset();
  threads_.clear();
}

}  // namespace memwatch::reachability
