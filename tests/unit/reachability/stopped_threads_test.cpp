// The end of a child that is killed while it is being stopped is left to whoever waits for it.
#include "collector/reachability/stopped_threads.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace memwatch::reachability {
namespace {

using Clock = std::chrono::steady_clock;

void wait_busily(std::chrono::microseconds span) {
  const auto until = Clock::now() + span;
  while (Clock::now() < until) {
  }
}

TEST(StoppedThreadsTest, AChildsEndIsLeftToItsParent) {
  constexpr int kChildren = 400;
  for (int i = 0; i < kChildren; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) pause();
    }
    std::atomic<bool> begins{false};
    std::thread killer([&] {
      while (!begins) {
      }
      wait_busily(std::chrono::microseconds(i % 200));
      kill(child, SIGKILL);
    });
    {
      StoppedThreads stopped;
      begins = true;
      stopped.stop(child, 0);  // or it has ended: as it happens
    }
    killer.join();
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child) << i;
    EXPECT_TRUE(WIFSIGNALED(status));
  }
}

}  // namespace
}  // namespace memwatch::reachability
