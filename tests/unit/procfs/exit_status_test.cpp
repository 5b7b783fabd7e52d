// How children that were and were not fetched have ended.
#include "collector/procfs/exit_status.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/base/unique_fd.h"

namespace memwatch::procfs {
namespace {

struct Child {
  pid_t pid = 0;
  UniqueFd end;
};

// One that has ended, by this signal or with this code.
Child ended_child(int code, int signal_number) {
  Child child;
  child.pid = fork();
  if (child.pid == 0) {
    if (signal_number != 0) raise(signal_number);
    _exit(code);
  }
  child.end.reset(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT), 0);
  return child;
}

TEST(ExitStatus, AsItsParentWillSeeIt) {
  for (const auto& [code, signal_number] : {std::pair{0, 0}, {7, 0}, {0, SIGKILL}}) {
    const Child child = ended_child(code, signal_number);
    const std::optional<int> told = wait_status_of_ended(child.pid, -1);
    int fetched = -1;
    ASSERT_EQ(waitpid(child.pid, &fetched, 0), child.pid);
    EXPECT_EQ(told, fetched);
  }
}

// From Linux 6.15 on; before, nobody knows.
TEST(ExitStatus, WhenItsParentHasFetchedIt) {
  for (const auto& [code, signal_number] : {std::pair{0, 0}, {7, 0}, {0, SIGKILL}}) {
    const Child child = ended_child(code, signal_number);
    int fetched = -1;
    ASSERT_EQ(waitpid(child.pid, &fetched, 0), child.pid);
    const std::optional<int> told = wait_status_of_ended(child.pid, child.end.get());
    if (told) {
      EXPECT_EQ(*told, fetched);
    }
    EXPECT_FALSE(wait_status_of_ended(child.pid, -1));
  }
}

TEST(ExitStatus, OfOneThatRunsThereIsNone) {
  const UniqueFd end(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  EXPECT_FALSE(wait_status_of_ended(getpid(), end.get()));
}

}  // namespace
}  // namespace memwatch::procfs
