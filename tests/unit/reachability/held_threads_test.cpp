// Threads of another process that sleep, each in another call, are held in it: they cannot tell,
// and one whose call ends runs no instruction until it is let go, by whatever end of its tracer's.
#include "collector/reachability/held_threads.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "collector/procfs/process_list.h"
#include "collector/procfs/stat_line.h"
#include "collector/procfs/text.h"
#include "collector/reachability/stopped_threads.h"

namespace memwatch::reachability {
namespace {

using Clock = std::chrono::steady_clock;

enum Call : std::uint8_t {
  kFutex,
  kTimedFutex,
  kRead,
  kPoll,
  kSleep,
  kPause,
  kEventPoll,  // ends early when its thread is stopped (signal(7)), and is made again
  kCalls
};
constexpr std::array<const char*, kCalls> kNames = {"futex", "timed futex", "read", "poll",
                                                    "sleep", "pause",       "epoll"};

struct Sleeper {
  std::atomic<int> tid{0};
  std::atomic<std::uint32_t> turns{0};  // how often its call has ended
  std::atomic<std::uint32_t> word{0};   // of a futex
  std::array<int, 2> pipe{-1, -1};
};

// Of both processes.
struct Shared {
  std::array<Sleeper, kCalls> sleepers;
  std::atomic<int> counting_tid{0};
  std::atomic<std::uint32_t> progress{0}, spoiled{0}, signals{0}, births{0};
};
Shared* g_shared = nullptr;

constexpr std::uint64_t mark_of(std::size_t call) {
  return 0x0000'5eed'0000'1000 + call * 0x100;
}

// With the mark in registers that a call keeps, and nowhere else that matters.
long marked_call(std::uint64_t mark, long number, long a, long b, long c, long d) {
  long result = number;
  std::uint64_t changed = 0;
  register long fourth asm("r10") = d;
  asm volatile(
      "mov %%rbx, %%r12\n\t"
      "lea 1(%%rbx), %%r13\n\t"
      "lea 2(%%rbx), %%r14\n\t"
      "lea 3(%%rbx), %%r15\n\t"
      "movq %%rbx, %%xmm9\n\t"
      "syscall\n\t"
      "lea -1(%%r13), %%r13\n\t"
      "lea -2(%%r14), %%r14\n\t"
      "lea -3(%%r15), %%r15\n\t"
      "movq %%xmm9, %%rcx\n\t"
      "xor %%rbx, %%r12\n\t"
      "xor %%rbx, %%r13\n\t"
      "xor %%rbx, %%r14\n\t"
      "xor %%rbx, %%r15\n\t"
      "xor %%rbx, %%rcx\n\t"
      "or %%r13, %%r12\n\t"
      "or %%r14, %%r12\n\t"
      "or %%r15, %%r12\n\t"
      "or %%rcx, %%r12\n\t"
      "mov %%r12, %1\n\t"
      : "+&a"(result), "=&r"(changed), "+r"(fourth)
      : "b"(mark), "D"(a), "S"(b), "d"(c)
      : "rcx", "r11", "r12", "r13", "r14", "r15", "xmm9", "memory", "cc");
  if (changed != 0) ++g_shared->spoiled;
  return result;
}

long word_of(const void* object) {
  return reinterpret_cast<long>(object);
}

// Until it is woken. False: its call did not end as it should.
bool sleep_in(Call call, Sleeper& own) {
  const std::uint64_t mark = mark_of(call);
  const timespec hour{3600, 0};
  const auto wait = [&](const timespec* most) {
    const std::uint32_t before = own.word;
    const long got =
        marked_call(mark, SYS_futex, word_of(&own.word), FUTEX_WAIT, before, word_of(most));
    return got == 0 || (got == -EAGAIN && own.word != before);  // woken when it was not there
  };
  const auto take_byte = [&] {
    char byte = 0;
    return read(own.pipe[0], &byte, 1) == 1;
  };
  switch (call) {
    case kFutex:
      return wait(nullptr);
    case kTimedFutex:
      return wait(&hour);
    case kRead: {
      char byte = 0;
      return marked_call(mark, SYS_read, own.pipe[0], word_of(&byte), 1, 0) == 1;
    }
    case kPoll: {
      pollfd one{own.pipe[0], POLLIN, 0};
      return marked_call(mark, SYS_poll, word_of(&one), 1, 3'600'000, 0) == 1 && take_byte();
    }
    case kSleep:  // woken by a signal
      return marked_call(mark, SYS_nanosleep, word_of(&hour), 0, 0, 0) == -EINTR;
    case kPause:
      return marked_call(mark, SYS_pause, 0, 0, 0, 0) == -EINTR;
    case kEventPoll: {
      static const int events = epoll_create1(0);
      epoll_event wanted{};
      wanted.events = EPOLLIN;
      epoll_ctl(events, EPOLL_CTL_ADD, own.pipe[0], &wanted);
      epoll_event got{};
      long count = -EINTR;
      while (count == -EINTR) {
        count = marked_call(mark, SYS_epoll_wait, events, word_of(&got), 1, -1);
      }
      return count == 1 && take_byte();
    }
    case kCalls:
      break;
  }
  return false;
}

[[noreturn]] void be_sleeper(Call call) {
  Sleeper& own = g_shared->sleepers[call];
  own.tid = static_cast<int>(syscall(SYS_gettid));
  while (true) {
    if (!sleep_in(call, own)) ++g_shared->spoiled;
    ++own.turns;
  }
}

enum class Company { none, births, first_has_ended };

[[noreturn]] void be_subject(Company company, int start) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  struct sigaction action {};
  action.sa_handler = [](int) { ++g_shared->signals; };
  sigaction(SIGUSR1, &action, nullptr);
  for (int call = 0; call < kCalls; ++call) {
    std::thread(be_sleeper, static_cast<Call>(call)).detach();
  }
  std::thread([] {
    g_shared->counting_tid = static_cast<int>(syscall(SYS_gettid));
    while (true) ++g_shared->progress;
  }).detach();
  if (company == Company::births) {
    for (int i = 0; i < 3; ++i) {
      std::thread([] {
        while (true) {
          std::thread([] {
            usleep(300);
            ++g_shared->births;
          }).join();
        }
      }).detach();
    }
  }
  if (company == Company::first_has_ended) syscall(SYS_exit, 0);
  char byte = 0;
  while (read(start, &byte, 1) != 1) {
  }
  execl("/bin/true", "true", nullptr);
  _exit(1);
}

char state_of(pid_t process, pid_t tid) {
  const auto stat = procfs::read_stat(tid, procfs::process_path("/proc", process, "task"));
  return stat ? stat->state : '-';
}

class HeldThreadsTest : public testing::Test {
 protected:
  void SetUp() override {
    void* const room =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(room, MAP_FAILED);
    g_shared = new (room) Shared;
    for (Sleeper& sleeper : g_shared->sleepers) ASSERT_EQ(pipe(sleeper.pipe.data()), 0);
    ASSERT_EQ(pipe(start_.data()), 0);
  }
  void TearDown() override {
    kill(subject_, SIGKILL);
    waitpid(subject_, nullptr, 0);
    for (const Sleeper& sleeper : g_shared->sleepers) {
      close(sleeper.pipe[0]);
      close(sleeper.pipe[1]);
    }
    close(start_[0]);
    close(start_[1]);
    munmap(g_shared, sizeof(Shared));
    g_shared = nullptr;
  }

  void start(Company company = Company::none) {
    subject_ = fork();
    if (subject_ == 0) be_subject(company, start_[0]);
    ASSERT_TRUE(comes_true([&] { return all_sleep() && g_shared->progress > 0; }));
  }

  template <typename Condition>
  static bool comes_true(Condition condition) {
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (Clock::now() > deadline) return false;
      usleep(500);
    }
    return true;
  }

  [[nodiscard]] bool all_sleep() const {
    return std::all_of(g_shared->sleepers.begin(), g_shared->sleepers.end(), [&](const Sleeper& s) {
      return s.tid != 0 && state_of(subject_, s.tid) == 'S';
    });
  }

  // In any time.
  bool goes_on() const {
    const std::uint32_t before = g_shared->progress;
    return comes_true([&] { return g_shared->progress > before + 1000; });
  }

  void wake(int call) const {
    Sleeper& sleeper = g_shared->sleepers[static_cast<std::size_t>(call)];
    switch (call) {
      case kFutex:
      case kTimedFutex:
        ++sleeper.word;
        syscall(SYS_futex, &sleeper.word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
        break;
      case kSleep:
      case kPause:
        syscall(SYS_tgkill, subject_, sleeper.tid.load(), SIGUSR1);
        break;
      default:
        ASSERT_EQ(write(sleeper.pipe[1], "x", 1), 1);
    }
  }
  void wake_all() const {
    for (int call = 0; call < kCalls; ++call) wake(call);
  }

  // Of those that sleep: a sanitizer has threads of its own.
  static std::size_t sleepers_among(const std::vector<pid_t>& tids) {
    return static_cast<std::size_t>(
        std::count_if(g_shared->sleepers.begin(), g_shared->sleepers.end(), [&](const Sleeper& s) {
          return std::find(tids.begin(), tids.end(), s.tid) != tids.end();
        }));
  }
  static std::size_t sleepers_among(const std::vector<StoppedThread>& threads) {
    std::vector<pid_t> tids;
    for (const StoppedThread& thread : threads) tids.push_back(thread.tid);
    return sleepers_among(tids);
  }

  static std::array<std::uint32_t, kCalls> turns() {
    std::array<std::uint32_t, kCalls> all{};
    for (std::size_t i = 0; i < kCalls; ++i) all[i] = g_shared->sleepers[i].turns;
    return all;
  }
  static bool all_turned_since(const std::array<std::uint32_t, kCalls>& before) {
    return comes_true([&] {
      const auto now = turns();
      return std::equal(now.begin(), now.end(), before.begin(),
                        [](std::uint32_t a, std::uint32_t b) { return a == b + 1; });
    });
  }

  [[nodiscard]] std::size_t traced_threads() const {
    std::size_t count = 0;
    const std::string tasks = procfs::process_path("/proc", subject_, "task");
    for (const pid_t tid : procfs::threads_of_process(subject_)) {
      const auto status = procfs::read_text(procfs::process_path(tasks, tid, "status"));
      const auto tracer = status ? procfs::find_value(*status, "TracerPid") : std::nullopt;
      count += tracer && *tracer != "0" ? 1 : 0;
    }
    return count;
  }

  pid_t subject_ = 0;
  std::array<int, 2> start_{-1, -1};
};

TEST_F(HeldThreadsTest, RegistersOfThoseThatSleepAreKnownAndTheOthersRunOn) {
  start();
  HeldThreads held;
  held.take(subject_, {});
  held.freeze();
  EXPECT_TRUE(goes_on());
  for (std::size_t call = 0; call < kCalls; ++call) {
    SCOPED_TRACE(kNames[call]);
    const pid_t tid = g_shared->sleepers[call].tid;
    const auto thread = std::find_if(held.threads().begin(), held.threads().end(),
                                     [&](const StoppedThread& one) { return one.tid == tid; });
    ASSERT_NE(thread, held.threads().end());
    EXPECT_TRUE(comes_true([&] { return state_of(subject_, tid) == 'S'; }));
    ASSERT_TRUE(thread->has_registers);
    // rbx, r12 and xmm9
    EXPECT_GE(std::count(thread->registers.begin(), thread->registers.end(), mark_of(call)), 3);
    EXPECT_NE(thread->stack_pointer, 0U);
    EXPECT_NE(thread->thread_pointer, 0U);
  }
  for (const StoppedThread& thread : held.threads()) {
    EXPECT_NE(thread.tid, subject_);
    EXPECT_NE(thread.tid, g_shared->counting_tid);
  }
  held.let_go();
  EXPECT_EQ(traced_threads(), 0U);
  EXPECT_EQ(turns(), (std::array<std::uint32_t, kCalls>{}));
  EXPECT_EQ(g_shared->spoiled, 0U);
}

TEST_F(HeldThreadsTest, OneWhoseCallEndsStandsStillUntilItIsLetGo) {
  start();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(comes_true([&] { return all_sleep(); }));
    const auto before = turns();
    const std::uint32_t signals = g_shared->signals;
    HeldThreads held;
    held.take(subject_, {});
    held.freeze();
    ASSERT_EQ(sleepers_among(held.threads()), std::size_t{kCalls});
    wake_all();
    for (const Sleeper& sleeper : g_shared->sleepers) {
      EXPECT_TRUE(
          comes_true([&] { return state_of(subject_, sleeper.tid) == 't' || turns() != before; }));
    }
    EXPECT_TRUE(goes_on());
    ASSERT_EQ(turns(), before);
    EXPECT_EQ(g_shared->signals, signals);
    held.let_go();
    EXPECT_TRUE(all_turned_since(before));
    EXPECT_EQ(g_shared->signals, signals + 2);
    EXPECT_EQ(traced_threads(), 0U);
  }
  EXPECT_EQ(g_shared->spoiled, 0U);
}

TEST_F(HeldThreadsTest, BeforeThatOneWhoseCallEndsGoesOn) {
  start();
  HeldThreads held;
  held.take(subject_, {});
  ASSERT_EQ(sleepers_among(held.numbers()), std::size_t{kCalls});
  const auto before = turns();
  wake_all();
  EXPECT_TRUE(all_turned_since(before));
  EXPECT_TRUE(comes_true([&] { return sleepers_among(held.numbers()) == 0; }));
  EXPECT_EQ(g_shared->signals, 2U);
  held.freeze();
  EXPECT_EQ(sleepers_among(held.threads()), 0U);
  EXPECT_EQ(g_shared->spoiled, 0U);
}

// With its threads, or while they are being taken hold of.
TEST_F(HeldThreadsTest, TracerIsKilled) {
  start();
  constexpr std::uint32_t kLater = 1'000'000;
  std::uint32_t before_wake = 0;
  for (std::uint32_t kill_after_us = 0; kill_after_us <= kLater;) {
    SCOPED_TRACE(kill_after_us);
    const bool is_held = kill_after_us == kLater;
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t tracer = fork();
    if (tracer == 0) {
      HeldThreads held;
      if (!is_held && write(ends[1], "x", 1) != 1) _exit(1);
      held.take(subject_, {});
      held.freeze();
      if (is_held && write(ends[1], "x", 1) != 1) _exit(1);
      while (true) pause();
    }
    char byte = 0;
    ASSERT_EQ(read(ends[0], &byte, 1), 1);
    if (is_held) {
      wake_all();
      EXPECT_TRUE(comes_true([&] { return state_of(subject_, g_shared->sleepers[0].tid) == 't'; }));
    } else {
      usleep(kill_after_us);
    }
    kill(tracer, SIGKILL);
    waitpid(tracer, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
    EXPECT_TRUE(goes_on());
    EXPECT_TRUE(comes_true([&] { return traced_threads() == 0; }));
    EXPECT_TRUE(comes_true([&] { return all_sleep(); }));
    before_wake += is_held ? 1 : 0;
    kill_after_us = kill_after_us < 3000 ? kill_after_us + 100 : kill_after_us + kLater - 3000;
  }
  const auto now = turns();
  for (std::size_t call = 0; call < kCalls; ++call)
    EXPECT_EQ(now[call], before_wake) << kNames[call];
  EXPECT_EQ(g_shared->spoiled, 0U);
}

// Another thread's exec waits until whoever traces the others has taken note of their ends.
TEST_F(HeldThreadsTest, ProcessMayExec) {
  start();
  HeldThreads held;
  held.take(subject_, {});
  EXPECT_EQ(sleepers_among(held.numbers()), std::size_t{kCalls});
  ASSERT_EQ(write(start_[1], "x", 1), 1);
  int status = -1;
  EXPECT_TRUE(comes_true([&] { return waitpid(subject_, &status, WNOHANG) == subject_; }));
  EXPECT_EQ(status, 0);
}

TEST_F(HeldThreadsTest, ProcessMayEnd) {
  start();
  HeldThreads held;
  held.take(subject_, {});
  held.freeze();
  kill(subject_, SIGKILL);
  held.let_go();
  int status = 0;
  EXPECT_TRUE(comes_true([&] { return waitpid(subject_, &status, WNOHANG) == subject_; }));
  EXPECT_TRUE(WIFSIGNALED(status));
}

// The first thread is listed until all have ended, and cannot be stopped.
TEST_F(HeldThreadsTest, FirstThreadMayHaveEnded) {
  start(Company::first_has_ended);
  ASSERT_TRUE(comes_true([&] { return state_of(subject_, subject_) == 'Z'; }));
  StoppedThreads stopped;
  stopped.hold_sleeping(subject_, {});
  ASSERT_EQ(stopped.stop(subject_, 0), "");
  EXPECT_EQ(sleepers_among(stopped.everyone()), std::size_t{kCalls});
  const std::uint32_t progress = g_shared->progress;
  usleep(500);
  EXPECT_EQ(g_shared->progress, progress);
  stopped.go_on();
  EXPECT_TRUE(goes_on());
}

// With those that sleep held, and others born and ending all the time.
TEST_F(HeldThreadsTest, AllStandStill) {
  start(Company::births);
  for (int round = 0; round < 50; ++round) {
    SCOPED_TRACE(round);
    const auto before = turns();
    StoppedThreads stopped;
    stopped.hold_sleeping(subject_, {});
    if (round % 2 == 1) wake_all();
    ASSERT_EQ(stopped.stop(subject_, 0), "");
    const std::uint32_t progress = g_shared->progress, births = g_shared->births;
    const auto then = turns();
    if (round % 2 == 0) wake_all();
    const std::vector<StoppedThread> all = stopped.everyone();
    for (const pid_t tid : procfs::threads_of_process(subject_)) {
      EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                              [&](const StoppedThread& one) { return one.tid == tid; }));
    }
    usleep(500);
    EXPECT_EQ(g_shared->progress, progress);
    EXPECT_EQ(g_shared->births, births);
    EXPECT_EQ(turns(), then);
    stopped.go_on();
    EXPECT_EQ(traced_threads(), 0U);
    EXPECT_TRUE(all_turned_since(before));
    ASSERT_TRUE(comes_true([&] { return all_sleep() && g_shared->births > births; }));
  }
  EXPECT_EQ(g_shared->spoiled, 0U);
}

}  // namespace
}  // namespace memwatch::reachability
