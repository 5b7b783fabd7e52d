// A copy made while a process runs is, once that stands still, its memory to the byte, whatever it
// did meanwhile: the process itself is the oracle, read page by page while it stands. Afterwards
// nothing is left in it, whoever let go of it.
#include "collector/reachability/running_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
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
#include <fstream>
#include <random>
#include <string>

#include "collector/reachability/memory_copy.h"
#include "collector/reachability/stopped_threads.h"
#include "preload/twin_call.h"

namespace memwatch::reachability {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kBytes = std::size_t{64} << 20;

enum class Habit {
  writes_now_and_then,
  maps_and_unmaps,
  moves_and_drops,
  forks,
  has_huge_pages,
  has_holes,
  writes_all_the_time,
  has_a_watch_of_its_own
};

// Of both.
struct Shared {
  std::atomic<std::uint32_t> progress{0}, spoiled{0};
};
Shared* g_shared = nullptr;

std::array<unsigned char*, 16> g_blocks{};  // of the process, each a mapping of its own

unsigned char* map_bytes(std::size_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) _exit(1);
  return static_cast<unsigned char*>(at);
}

void fill(unsigned char* at, std::size_t bytes, std::uint32_t with) {
  for (std::size_t i = 0; i < bytes; i += kPage) std::memcpy(at + i + i % 64, &with, sizeof with);
}

bool is_filled(const unsigned char* at, std::size_t bytes, std::uint32_t with) {
  for (std::size_t i = 0; i < bytes; i += kPage) {
    if (std::memcmp(at + i + i % 64, &with, sizeof with) != 0) return false;
  }
  return true;
}

// One turn of what the process does; false: its memory was not what it had written.
bool live(Habit habit, unsigned char* heap, std::uint32_t turn, std::mt19937& random) {
  constexpr std::size_t kSome = 64 * kPage;
  const std::size_t at = random() % (kBytes / kPage - 64) * kPage;
  switch (habit) {
    case Habit::maps_and_unmaps: {
      unsigned char* const fresh = map_bytes(kSome);
      fill(fresh, kSome, turn);
      // In the middle of what is watched: another mapping in its place.
      if (munmap(heap + at, kSome) != 0 ||
          mmap(heap + at, kSome, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0) != heap + at) {
        return false;
      }
      fill(heap + at, kSome, turn);
      const bool is_right = is_filled(fresh, kSome, turn) && is_filled(heap + at, kSome, turn);
      return munmap(fresh, kSome) == 0 && is_right;
    }
    case Habit::moves_and_drops: {
      // As realloc does with large blocks.
      unsigned char*& block = g_blocks[turn % g_blocks.size()];
      if (block == nullptr) return false;
      fill(block, kSome, turn);
      void* const grown = mremap(block, kSome, 2 * kSome, MREMAP_MAYMOVE);
      if (grown == MAP_FAILED) return false;
      block = static_cast<unsigned char*>(grown);
      bool is_right = is_filled(block, kSome, turn);
      fill(block, 2 * kSome, turn + 1);
      is_right = mremap(block, 2 * kSome, kSome, 0) == block && is_right;
      madvise(heap + at, kSome, MADV_DONTNEED);
      mprotect(heap + at, kSome, PROT_READ);
      mprotect(heap + at, kSome, PROT_READ | PROT_WRITE);
      return is_filled(block, kSome, turn + 1) && is_right;
    }
    case Habit::forks: {
      fill(heap + at, kSome, turn);
      const pid_t child = fork();
      if (child == 0) {
        fill(heap + at, kSome, turn + 1);
        _exit(is_filled(heap + at, kSome, turn + 1) ? 0 : 1);
      }
      int status = 0;
      return waitpid(child, &status, 0) == child && status == 0 &&
             is_filled(heap + at, kSome, turn);
    }
    case Habit::writes_all_the_time:
      fill(heap, kBytes, turn);
      return is_filled(heap, kBytes, turn);
    default: {
      fill(heap + at, kSome, turn);
      // By the kernel, where the page is protected.
      std::array<int, 2> ends{};
      if (pipe(ends.data()) != 0) return false;
      const std::size_t other = random() % (kBytes - 64);
      bool is_right = write(ends[1], &turn, sizeof turn) == sizeof turn &&
                      read(ends[0], heap + other, sizeof turn) == sizeof turn &&
                      std::memcmp(heap + other, &turn, sizeof turn) == 0;
      close(ends[0]);
      close(ends[1]);
      return is_right;
    }
  }
}

[[noreturn]] void be_subject(Habit habit) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  unsigned char* const heap = map_bytes(kBytes);
  madvise(heap, kBytes, habit == Habit::has_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  fill(heap, kBytes, 0);
  if (habit == Habit::has_holes) {
    // More runs of pages than the kernel tells rightly at once.
    constexpr std::size_t kPages = 3200;
    unsigned char* const more = map_bytes(kPages * kPage);
    madvise(more, kPages * kPage, MADV_NOHUGEPAGE);
    for (std::size_t i = 0; i < kPages; i += 2) fill(more + i * kPage, kPage, 1);
  }
  for (unsigned char*& block : g_blocks) {
    block = map_bytes(65 * kPage);
    mprotect(block + 64 * kPage, kPage, PROT_NONE);
    fill(block, 64 * kPage, 0);
  }
  int own = -1;
  if (habit == Habit::has_a_watch_of_its_own) {
    own = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1));
    if (own < 0) _exit(1);
  }
  std::mt19937 random(1);
  for (std::uint32_t turn = 1;; ++turn) {
    if (!live(habit, heap, turn, random)) ++g_shared->spoiled;
    ++g_shared->progress;
    if (habit != Habit::writes_all_the_time) usleep(500);
  }
}

// Mappings of the process that the kernel has a watch on (Documentation/filesystems/proc.rst,
// VmFlags: uw).
std::size_t watched_mappings(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmFlags:") && line.find(" uw") != std::string::npos) ++count;
  }
  return count;
}

class RunningCopyTest : public testing::TestWithParam<Habit> {
 protected:
  void SetUp() override {
    if (preload::twin_call_address() == 0) GTEST_SKIP() << "not for this processor";
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "a sanitizer's own memory is terabytes of mappings";
#endif
    void* const room =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(room, MAP_FAILED);
    g_shared = new (room) Shared;
    subject_ = fork();
    if (subject_ == 0) be_subject(GetParam());
    ASSERT_TRUE(goes_on());
  }
  void TearDown() override {
    if (g_shared == nullptr) return;
    kill(subject_, SIGKILL);
    waitpid(subject_, nullptr, 0);
    munmap(g_shared, sizeof(Shared));
    g_shared = nullptr;
  }

  bool goes_on() {
    const std::uint32_t before = g_shared->progress;
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    while (g_shared->progress < before + 3) {
      if (waitpid(subject_, nullptr, WNOHANG) != 0 || Clock::now() > deadline) return false;
      usleep(1000);
    }
    return true;
  }

  [[nodiscard]] std::unique_ptr<ProcessMemory> memory() const {
    return std::make_unique<ProcessMemory>(subject_, -1, procfs::read_memory_maps(subject_));
  }

  std::unique_ptr<RunningCopy> make(std::string* why_not,
                                    const std::function<void()>& on_progress = {}) {
    double stopped_seconds = 0;
    const std::unique_ptr<ProcessMemory> before = memory();
    auto copy = RunningCopy::make(subject_, preload::twin_call_address(), *before, on_progress,
                                  &stopped_seconds, why_not);
    EXPECT_TRUE(copy == nullptr || stopped_seconds > 0);
    return copy;
  }

  // Of the process, which stands still, and the copy: pages that differ, of how many.
  static void compare(ProcessMemory& now, RunningCopy& copy, std::size_t* pages,
                      std::size_t* different) {
    const std::vector<Range> others = copy.others(now.maps());
    std::array<unsigned char, kPage> expected{}, got{};
    for (const Range& range : changeable_ranges(now.maps())) {
      for (std::uint64_t at = range.start; at < range.end; at += kPage) {
        const bool is_others = std::any_of(others.begin(), others.end(), [&](const Range& other) {
          return at >= other.start && at < other.end;
        });
        if (is_others || now.read(at, expected.data(), kPage) != kPage) continue;
        got.fill(0);  // what is not there is zeros
        const std::size_t size = copy.read(at, got.data(), kPage);
        const Range present = copy.next_present(at, at + kPage);
        const bool is_present = present.start < present.end;
        ++*pages;
        if (got != expected || size != (is_present ? kPage : 0)) ++*different;
      }
    }
  }

  pid_t subject_ = 0;
};

TEST_P(RunningCopyTest, IsTheMemoryOfTheMoment) {
  std::size_t finished = 0;
  constexpr std::size_t kTimes = 5;
  for (std::size_t i = 0; i < kTimes; ++i) {
    std::string why_not;
    const std::unique_ptr<RunningCopy> copy = make(&why_not);
    if (copy == nullptr && why_not.find("needs Linux") != std::string::npos) {
      GTEST_SKIP() << why_not;
    }
    if (copy == nullptr) {
      EXPECT_EQ(watched_mappings(subject_), 0U) << why_not;
      ASSERT_TRUE(GetParam() == Habit::writes_all_the_time ||
                  GetParam() == Habit::has_a_watch_of_its_own)
          << why_not;
      continue;
    }
    EXPECT_GT(watched_mappings(subject_), 0U);
    {
      StoppedThreads stopped;
      ASSERT_EQ(stopped.stop(subject_, 0), "");
      const std::unique_ptr<ProcessMemory> now = memory();
      if (copy->finish(*now, &why_not)) {
        ++finished;
        std::size_t pages = 0, different = 0;
        compare(*now, *copy, &pages, &different);
        EXPECT_GT(pages, kBytes / kPage / 2);
        EXPECT_EQ(different, 0U) << "of " << pages;
        EXPECT_EQ(copy->unreadable_bytes(), 0U);
      }
    }
    copy->let_go({});
    EXPECT_EQ(watched_mappings(subject_), 0U);
    EXPECT_TRUE(goes_on());
  }
  EXPECT_EQ(g_shared->spoiled, 0U);
  switch (GetParam()) {
    case Habit::has_a_watch_of_its_own:
      EXPECT_EQ(finished, 0U);
      break;
    case Habit::writes_all_the_time:
      break;  // as it happens
    default:
      EXPECT_GT(finished, 0U);
  }
}

// At several moments: while it is copied, and while it is let go of.
TEST_P(RunningCopyTest, CollectorIsKilled) {
  std::uint32_t steps = 1;
  for (std::uint32_t kill_at = 1; kill_at <= steps; kill_at += std::max(1U, steps / 8)) {
    SCOPED_TRACE(kill_at);
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t collector = fork();
    if (collector == 0) {
      std::uint32_t step = 0;
      const auto on_progress = [&] {
        if (++step == kill_at && kill_at > 1) raise(SIGKILL);
      };
      std::string why_not;
      const std::unique_ptr<RunningCopy> copy = make(&why_not, on_progress);
      if (copy != nullptr) copy->let_go(on_progress);
      _exit(write(ends[1], &step, sizeof step) == sizeof step ? 0 : 1);
    }
    close(ends[1]);
    int status = 0;
    ASSERT_EQ(waitpid(collector, &status, 0), collector);
    if (kill_at == 1) {
      ASSERT_EQ(read(ends[0], &steps, sizeof steps), static_cast<ssize_t>(sizeof steps));
    }
    close(ends[0]);
    EXPECT_EQ(watched_mappings(subject_), 0U);
    EXPECT_TRUE(goes_on());
    EXPECT_EQ(g_shared->spoiled, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Habits, RunningCopyTest,
                         testing::Values(Habit::writes_now_and_then, Habit::maps_and_unmaps,
                                         Habit::moves_and_drops, Habit::forks,
                                         Habit::has_huge_pages, Habit::has_holes,
                                         Habit::writes_all_the_time,
                                         Habit::has_a_watch_of_its_own));

}  // namespace
}  // namespace memwatch::reachability
