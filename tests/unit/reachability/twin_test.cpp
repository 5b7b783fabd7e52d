// A process that is in the middle of something gives a twin of itself, or has its pages watched,
// and its tracer is killed at every step of that: it must not be able to tell. Three processes:
// this one, which judges, the subject, and its tracer.
#include "collector/reachability/twin.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <thread>

#include "collector/reachability/borrowed_call.h"
#include "collector/reachability/process_memory.h"
#include "collector/reachability/written_pages.h"
#include "preload/twin_call.h"

namespace memwatch::reachability {
namespace {

using Clock = std::chrono::steady_clock;

enum class Occupation {
  computes,
  computes_without_a_stack,
  reads,
  sleeps,
  polls,
  polls_with_signals
};

// Between the three.
struct Shared {
  std::atomic<std::uint32_t> progress{0}, asked{0}, answered{0}, spoiled{0}, child_signals{0};
  std::atomic<int> wait_error{0};  // of a wait for any child of any kind
  std::atomic<bool> signals_changed{false};
  std::atomic<std::uint32_t> steps{0};
  std::atomic<std::uint32_t> settled_step{0};  // the last before the twin can be read
};
Shared* g_shared = nullptr;
std::uint64_t g_number = 0;  // private to each: the subject counts
std::uint32_t g_kill_at = 0;

// General and vector registers, flags and the red zone keep their values over many turns of a loop
// that changes neither flags nor any of them.
bool computes_rightly(bool without_a_stack) {
  std::uint64_t wrong = 0;
  asm volatile(
      "lea -128(%%rsp), %%rsp\n\t"
      "push %%rbp\n\t"
      "lea -256(%%rsp), %%rsp\n\t"
      "mov %%rsp, %%rbp\n\t"
      "test %1, %1\n\t"
      "mov $0x1111222233334444, %%rbx\n\t"
      "lea 1(%%rbx), %%rdx\n\t"
      "lea 2(%%rbx), %%rsi\n\t"
      "lea 3(%%rbx), %%r8\n\t"
      "lea 4(%%rbx), %%r9\n\t"
      "lea 5(%%rbx), %%r10\n\t"
      "lea 6(%%rbx), %%r11\n\t"
      "lea 7(%%rbx), %%r12\n\t"
      "lea 8(%%rbx), %%r13\n\t"
      "lea 9(%%rbx), %%r14\n\t"
      "lea 10(%%rbx), %%r15\n\t"
      "movq %%rbx, %%xmm7\n\t"
      "mov %%rbx, -128(%%rsp)\n\t"
      "mov %%rbx, -8(%%rsp)\n\t"
      "mov $3000000, %%ecx\n\t"
      "jz 1f\n\t"
      "xor %%esp, %%esp\n\t"
      "1: stc\n\t"
      "2: lea -1(%%rcx), %%rcx\n\t"
      "jrcxz 3f\n\t"
      "jmp 2b\n\t"
      "3: mov $1, %%eax\n\t"
      "mov %%rbp, %%rsp\n\t"
      "jnc 4f\n\t"
      "mov $2, %%eax\n\t"
      "cmp %%rbx, -128(%%rsp)\n\t"
      "jne 4f\n\t"
      "cmp %%rbx, -8(%%rsp)\n\t"
      "jne 4f\n\t"
      "mov $3, %%eax\n\t"
      "movq %%xmm7, %%rcx\n\t"
      "cmp %%rbx, %%rcx\n\t"
      "jne 4f\n\t"
      "mov $4, %%eax\n\t"
      "sub $1, %%rdx\n\t"
      "cmp %%rbx, %%rdx\n\t"
      "jne 4f\n\t"
      "sub $2, %%rsi\n\t"
      "cmp %%rbx, %%rsi\n\t"
      "jne 4f\n\t"
      "sub $3, %%r8\n\t"
      "cmp %%rbx, %%r8\n\t"
      "jne 4f\n\t"
      "sub $4, %%r9\n\t"
      "cmp %%rbx, %%r9\n\t"
      "jne 4f\n\t"
      "sub $5, %%r10\n\t"
      "cmp %%rbx, %%r10\n\t"
      "jne 4f\n\t"
      "sub $6, %%r11\n\t"
      "cmp %%rbx, %%r11\n\t"
      "jne 4f\n\t"
      "sub $7, %%r12\n\t"
      "cmp %%rbx, %%r12\n\t"
      "jne 4f\n\t"
      "sub $8, %%r13\n\t"
      "cmp %%rbx, %%r13\n\t"
      "jne 4f\n\t"
      "sub $9, %%r14\n\t"
      "cmp %%rbx, %%r14\n\t"
      "jne 4f\n\t"
      "sub $10, %%r15\n\t"
      "cmp %%rbx, %%r15\n\t"
      "jne 4f\n\t"
      "xor %%eax, %%eax\n\t"
      "4: lea 256(%%rsp), %%rsp\n\t"
      "pop %%rbp\n\t"
      "lea 128(%%rsp), %%rsp\n\t"
      : "=&a"(wrong)
      : "D"(std::uint64_t{without_a_stack})
      : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm7",
        "memory", "cc");
  return wrong == 0;
}

// One piece of work; false: it did not end as it should.
bool does_its_work(Occupation occupation, int input) {
  constexpr timespec kMoment{0, 3'000'000};
  switch (occupation) {
    case Occupation::computes:
    case Occupation::computes_without_a_stack:
      return computes_rightly(occupation == Occupation::computes_without_a_stack);
    case Occupation::reads: {
      char byte = 0;
      return read(input, &byte, 1) == 1;
    }
    case Occupation::sleeps:
      return nanosleep(&kMoment, nullptr) == 0;
    case Occupation::polls:
      return poll(nullptr, 0, 3) == 0;
    case Occupation::polls_with_signals:
      break;
  }
  sigset_t others;
  sigemptyset(&others);
  sigaddset(&others, SIGUSR2);
  return ppoll(nullptr, 0, &kMoment, &others) == 0;
}

std::uint64_t blocked_signals() {
  std::uint64_t signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &signals, sizeof signals);
  return signals;
}

[[noreturn]] void be_subject(Occupation occupation, int input) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  struct sigaction action {};
  action.sa_handler = [](int) { ++g_shared->child_signals; };
  sigaction(SIGCHLD, &action, nullptr);
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGUSR1);
  sigprocmask(SIG_SETMASK, &some, nullptr);
  const std::uint64_t signals = blocked_signals();
  while (true) {
    if (!does_its_work(occupation, input)) ++g_shared->spoiled;
    if (blocked_signals() != signals) g_shared->signals_changed = true;
    ++g_number;
    ++g_shared->progress;
    if (g_shared->asked != g_shared->answered) {
      siginfo_t info{};
      const int got = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
      g_shared->wait_error = got == 0 ? 0 : errno;
      g_shared->answered = g_shared->asked.load();
    }
  }
}

// What a tracer says with its exit status.
enum Outcome : std::uint8_t {
  kFine = 0,
  kNoTwin = 1,
  kChanged = 2,
  kNotAllowed = 3,
  kInTheMiddle = 4
};

[[noreturn]] void be_tracer(pid_t subject, std::uint32_t kill_at) {
  g_kill_at = kill_at;
  g_shared->steps = 0;
  at_borrowed_step = [] {
    if (++g_shared->steps == g_kill_at) raise(SIGKILL);
  };
  const std::uint64_t call = preload::twin_call_address();
  Twin::await_remains(subject, call);
  StoppedThreads stopped;
  if (!stopped.stop(subject, 0).empty()) _exit(kNotAllowed);
  std::string why_not;
  const std::unique_ptr<Twin> twin = Twin::make(subject, stopped, call, &why_not);
  stopped.go_on();
  if (twin == nullptr || !twin->settle(&why_not)) {
    if (why_not.find("in the middle") != std::string::npos) _exit(kInTheMiddle);
    why_not += '\n';
    _exit(write(2, why_not.data(), why_not.size()) > 0 ? kNoTwin : kChanged);
  }
  g_shared->settled_step = g_shared->steps.load();
  ProcessMemory memory(twin->pid(), -1, {});
  const auto at = reinterpret_cast<std::uint64_t>(&g_number);
  const auto before = memory.word(at);
  // It goes on, and its twin does not.
  const std::uint32_t progress = g_shared->progress;
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  while (g_shared->progress < progress + 3) {
    if (Clock::now() > deadline) _exit(kChanged);
    usleep(1000);
  }
  const auto after = memory.word(at);
  const bool is_same = before && after && *before == *after && twin->is_alive();
  twin->end();
  _exit(is_same ? kFine : kChanged);
}

// Makes a watch of its pages in the place of a twin.
[[noreturn]] void be_watcher(pid_t subject, std::uint32_t kill_at) {
  g_kill_at = kill_at;
  g_shared->steps = 0;
  at_borrowed_step = [] {
    if (++g_shared->steps == g_kill_at) raise(SIGKILL);
  };
  double stopped_seconds = 0;
  std::string why_not;
  const auto pages =
      WrittenPages::of(subject, preload::twin_call_address(), &stopped_seconds, &why_not);
  if (pages != nullptr) _exit(stopped_seconds > 0 ? kFine : kChanged);
  if (why_not.find("in the middle") != std::string::npos) _exit(kInTheMiddle);
  if (why_not.find("needs Linux") != std::string::npos) _exit(kNotAllowed);
  why_not += '\n';
  _exit(write(2, why_not.data(), why_not.size()) > 0 ? kNoTwin : kChanged);
}

std::size_t descriptors_of(pid_t process) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(process) + "/fd"), end;
  return static_cast<std::size_t>(std::distance(all, end));
}

class TwinTest : public testing::TestWithParam<Occupation> {
 protected:
  void SetUp() override {
    if (preload::twin_call_address() == 0) GTEST_SKIP() << "not for this processor";
    void* const room =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(room, MAP_FAILED);
    g_shared = new (room) Shared;
    start_subject();
  }
  void TearDown() override {
    if (g_shared == nullptr) return;
    end_subject();
    munmap(g_shared, sizeof(Shared));
    g_shared = nullptr;
  }

  void start_subject() {
    ASSERT_EQ(pipe(pipe_), 0);
    ASSERT_EQ(fcntl_nonblocking(), 0);
    subject_ = fork();
    if (subject_ == 0) be_subject(GetParam(), pipe_[0]);
    ASSERT_TRUE(goes_on());
  }
  void end_subject() {
    kill(subject_, SIGKILL);
    waitpid(subject_, nullptr, 0);
    close(pipe_[0]);
    close(pipe_[1]);
  }
  int fcntl_nonblocking() { return fcntl(pipe_[1], F_SETFL, O_NONBLOCK); }

  // Some pieces of work more, in any time.
  bool goes_on() {
    const std::uint32_t before = g_shared->progress;
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    while (g_shared->progress < before + 3) {
      feed();
      int status = 0;
      if (waitpid(subject_, &status, WNOHANG) != 0 || Clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  void feed() {
    if (GetParam() == Occupation::reads && write(pipe_[1], "x", 1) < 0) return;
  }

  // The tracer's status as waitpid has it.
  int trace(std::uint32_t kill_at, void (*be)(pid_t, std::uint32_t) = be_tracer) {
    const pid_t tracer = fork();
    if (tracer == 0) be(subject_, kill_at);
    int status = 0;
    while (waitpid(tracer, &status, WNOHANG) == 0) {
      feed();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return status;
  }

  // Nothing that the subject could see.
  void expect_untouched(bool with_remains = false) {
    EXPECT_TRUE(goes_on());
    ++g_shared->asked;
    EXPECT_TRUE(goes_on());
    EXPECT_EQ(g_shared->answered, g_shared->asked);
    EXPECT_TRUE(with_remains || g_shared->wait_error == ECHILD) << "a child is left";
    EXPECT_EQ(g_shared->spoiled, 0U) << "registers, memory or the result of a system call";
    EXPECT_EQ(g_shared->child_signals, 0U);
    EXPECT_FALSE(g_shared->signals_changed);
  }

  // At each step of its own, with a subject for each; how often the next one said that it had been
  // cut off in the middle: where the thread was about to leave is it unknown whether it has.
  std::uint32_t cut_off_when_killed_at_every_step(void (*be)(pid_t, std::uint32_t)) {
    const std::size_t descriptors = descriptors_of(subject_);
    const int status = trace(0, be);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) {
      [] { GTEST_SKIP() << "not possible here"; }();
      return 0;
    }
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kFine);
    const std::uint32_t steps = g_shared->steps;
    EXPECT_GT(steps, 10U);
    std::uint32_t cut_off = 0;
    for (std::uint32_t step = 1; step <= steps && !HasFailure(); ++step) {
      SCOPED_TRACE(step);
      end_subject();
      g_shared->~Shared();
      new (g_shared) Shared;
      start_subject();
      const int killed = trace(step, be);
      EXPECT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL);
      EXPECT_TRUE(goes_on());
      EXPECT_EQ(descriptors_of(subject_), descriptors) << "a descriptor is left";
      // The next one takes away what is left.
      const int again = trace(0, be);
      const bool is_cut_off = WIFEXITED(again) && WEXITSTATUS(again) == kInTheMiddle;
      EXPECT_TRUE(is_cut_off || (WIFEXITED(again) && WEXITSTATUS(again) == kFine)) << again;
      if (is_cut_off) ++cut_off;
      expect_untouched(is_cut_off && be == be_tracer);
    }
    return cut_off;
  }

  pid_t subject_ = 0;
  int pipe_[2] = {-1, -1};
};

TEST_P(TwinTest, SubjectCannotTell) {
  for (int i = 0; i < 5; ++i) {
    const int status = trace(0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) GTEST_SKIP() << "no ptrace here";
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), kFine);
    expect_untouched();
  }
}

TEST_P(TwinTest, TracerIsKilledAtEveryStep) {
  const std::uint32_t cut_off = cut_off_when_killed_at_every_step(be_tracer);
  if (IsSkipped()) return;
  EXPECT_EQ(cut_off, 2U) << "once for each of the two calls";
}

TEST_P(TwinTest, TracerIsKilledAtEveryStepOfAWatch) {
  const std::uint32_t cut_off = cut_off_when_killed_at_every_step(be_watcher);
  if (IsSkipped()) return;
  EXPECT_EQ(cut_off, 1U);
}

// The end of a large twin takes a while: a check that comes at once has to wait for it. Whatever
// the thread does, so that one occupation is enough.
class LargeTwinTest : public TwinTest {};

TEST_P(LargeTwinTest, NextCheckComesBeforeTheTwinOfAKilledOneHasEnded) {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  end_subject();
  void* const large =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(large, MAP_FAILED);
  madvise(large, kBytes, MADV_NOHUGEPAGE);
  std::memset(large, 1, kBytes);
  start_subject();
  munmap(large, kBytes);
  int status = trace(0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) GTEST_SKIP() << "no ptrace here";
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kFine);
  // In the last step before the twin can be read.
  status = trace(g_shared->settled_step);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  status = trace(0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kFine);
  expect_untouched();
}

INSTANTIATE_TEST_SUITE_P(Occupations, TwinTest,
                         testing::Values(Occupation::computes, Occupation::computes_without_a_stack,
                                         Occupation::reads, Occupation::sleeps, Occupation::polls,
                                         Occupation::polls_with_signals));
INSTANTIATE_TEST_SUITE_P(Occupations, LargeTwinTest, testing::Values(Occupation::computes));

}  // namespace
}  // namespace memwatch::reachability
