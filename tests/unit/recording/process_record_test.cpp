#include "collector/recording/process_record.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace memwatch::recording {
namespace {

TEST(ExitFromWaitStatus, OfAnExit) {
  model::Process facts;
  set_exit_from_wait_status(W_EXITCODE(7, 0), &facts);
  EXPECT_EQ(facts.exit_kind, model::ExitKind::exited);
  EXPECT_EQ(facts.exit_code, 7);
}

TEST(ExitFromWaitStatus, OfASignal) {
  model::Process facts;
  set_exit_from_wait_status(W_EXITCODE(0, SIGKILL), &facts);
  EXPECT_EQ(facts.exit_kind, model::ExitKind::signaled);
  EXPECT_EQ(facts.exit_signal, SIGKILL);
}

TEST(ExitFromWaitStatus, AStoppedProcessHasNotEnded) {
  model::Process facts;
  set_exit_from_wait_status(W_STOPCODE(SIGSTOP), &facts);
  EXPECT_EQ(facts.exit_kind, model::ExitKind::running);
}

TEST(ReadIdentity, KnowsThisProcess) {
  model::Process facts;
  read_identity(getpid(), &facts);
  EXPECT_EQ(facts.pid, static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(facts.ppid, static_cast<std::uint32_t>(getppid()));
  EXPECT_NE(facts.exe.find("recording_test"), std::string::npos);
  EXPECT_FALSE(facts.command.empty());
}

TEST(SampleKernel, ReadsALivingProcessAndSaysWhenItIsGone) {
  ProcessRecord record;
  record.pid = getpid();
  procfs::CgroupReadings cgroups{std::chrono::seconds(0)};
  model::TimelineSample sample;
  std::uint64_t peak = 0;
  ASSERT_TRUE(sample_kernel(record, 0, cgroups, &sample, &peak));
  EXPECT_GT(sample.rss, 0U);
  EXPECT_GE(peak, sample.rss);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  record.pid = child;
  EXPECT_FALSE(sample_kernel(record, 0, cgroups, &sample, &peak));
}

TEST(ResolveExit, AsksTheKernelWhileTheProcessIsAZombie) {
  const pid_t child = fork();
  if (child == 0) _exit(9);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  ProcessRecord record;
  record.pid = child;
  model::Process facts;
  resolve_exit(record, &facts);
  waitpid(child, nullptr, 0);
  // Kernels hide the status of others' zombies in some sandboxes; then it is honestly unknown.
  if (facts.exit_kind == model::ExitKind::exited) {
    EXPECT_EQ(facts.exit_code, 9);
  } else {
    EXPECT_EQ(facts.exit_kind, model::ExitKind::lost);
  }
}

TEST(ResolveExit, LeavesWhatIsKnownAlone) {
  ProcessRecord record;
  record.pid = getpid();
  model::Process facts;
  facts.exit_kind = model::ExitKind::signaled;
  resolve_exit(record, &facts);
  EXPECT_EQ(facts.exit_kind, model::ExitKind::signaled);
}

}  // namespace
}  // namespace memwatch::recording
