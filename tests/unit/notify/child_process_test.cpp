// Programs that are run with a time limit, also those that do not want to end.
#include "tools/notify/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>

#include "collector/base/unique_fd.h"

namespace memwatch::notify {
namespace {

using End = ChildOutcome::End;

ChildRequest shell(const std::string& script) {
  ChildRequest request;
  request.argv = {"/bin/sh", "-c", script};
  request.timeout = std::chrono::seconds(60);
  return request;
}

bool is_running(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const UniqueFd stat(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[256] = {};
  return stat.is_open() && read(stat.get(), text, sizeof text - 1) > 0 &&
         std::string(text).find(") Z ") == std::string::npos;
}

TEST(ChildProcess, GetsItsInputAndGivesItsOutput) {
  ChildRequest request = shell("cat; echo trouble >&2; exit 3");
  request.input = std::string(300'000, 'x');
  request.max_output = 1000;
  const ChildOutcome outcome = run_child(request);
  EXPECT_EQ(outcome.end, End::exited);
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.output, std::string(1000, 'x'));
  request = shell("echo trouble >&2");
  EXPECT_EQ(run_child(request).output, "");
  request.with_errors = true;
  EXPECT_EQ(run_child(request).output, "trouble\n");
}

TEST(ChildProcess, OneThatDoesNotReadIsNoTrouble) {
  signal(SIGPIPE, SIG_IGN);
  ChildRequest request = shell("exit 0");
  request.input = std::string(300'000, 'x');
  EXPECT_TRUE(run_child(request).is_success());
}

TEST(ChildProcess, WordsAreWordsAndNoShellReadsThem) {
  ChildRequest request;
  request.argv = {"/bin/echo", "$HOME; ls", "a b"};
  EXPECT_EQ(run_child(request).output, "$HOME; ls a b\n");
  request.argv = {"/no/such/program"};
  const ChildOutcome outcome = run_child(request);
  EXPECT_EQ(outcome.end, End::not_started);
  EXPECT_EQ(outcome.describe(request.timeout),
            "it could not be started: No such file or directory");
}

TEST(ChildProcess, OneThatHangsIsEndedWithItsWholeGroup) {
  ChildRequest request = shell("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000");
  request.timeout = std::chrono::milliseconds(700);
  const ChildOutcome outcome = run_child(request);
  EXPECT_EQ(outcome.end, End::timed_out);
  EXPECT_EQ(outcome.describe(request.timeout), "it took longer than 0.7 s, and was ended");
  const pid_t grandchild = std::atoi(outcome.output.c_str());
  ASSERT_GT(grandchild, 0);
  // It is somebody else's to fetch, so it may stay for a while as a zombie.
  while (is_running(grandchild)) usleep(1000);
}

TEST(ChildProcess, WhoHoldsTheOutputOpenBehindItIsNotWaitedFor) {
  const ChildOutcome outcome = run_child(shell("sleep 30 & echo said"));
  EXPECT_TRUE(outcome.is_success());
  EXPECT_EQ(outcome.output, "said\n");
}

TEST(ChildProcess, TheWaitCanBeEnded) {
  const UniqueFd stop(eventfd(1, EFD_CLOEXEC));
  ChildRequest request = shell("sleep 1000");
  request.stop = stop.get();
  EXPECT_EQ(run_child(request).end, End::stopped);
}

TEST(ChildProcess, HasOrdinarySignalsAndNoDescriptorsOfOurs) {
  signal(SIGPIPE, SIG_IGN);
  const UniqueFd leak(open("/dev/null", O_RDONLY));  // not closed at exec by itself
  const ChildOutcome outcome =
      run_child(shell("ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  // Its standard three, and the directory that is read.
  EXPECT_EQ(outcome.output.substr(0, outcome.output.find('\n')), "4");
  EXPECT_NE(outcome.output.find("SigBlk:\t0000000000000000"), std::string::npos) << outcome.output;
  // Beyond 31 are the C library's own.
  const std::size_t ignored = outcome.output.find("SigIgn:\t");
  ASSERT_NE(ignored, std::string::npos) << outcome.output;
  EXPECT_EQ(std::stoull(outcome.output.substr(ignored + 8), nullptr, 16) & 0x7fffffffU, 0U)
      << outcome.output;
}

}  // namespace
}  // namespace memwatch::notify
