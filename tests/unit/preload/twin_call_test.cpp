// What the shim does about a twin that was left behind: it ends a twin, and no other child.
#include "preload/twin_call.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "shared/twin_call.h"

namespace memwatch::preload {
namespace {

pid_t start_child(long signal_at_its_end) {
  const long child = syscall(SYS_clone, signal_at_its_end, 0, 0, 0, 0);
  if (child == 0) {
    for (;;) syscall(SYS_pause);
  }
  return static_cast<pid_t>(child);
}

class EndTwin : public testing::Test {
 protected:
  void SetUp() override {
    call_ = reinterpret_cast<protocol::TwinCall*>(twin_call_address());
    if (call_ == nullptr) GTEST_SKIP() << "there are no twins on this processor";
  }
  protocol::TwinCall* call_ = nullptr;
};

TEST_F(EndTwin, ATwinIsEndedAndItsRemainsAreTaken) {
  const pid_t twin = start_child(0);
  ASSERT_GT(twin, 0);
  call_->twin = static_cast<std::uint64_t>(twin);
  end_twin();
  EXPECT_EQ(call_->twin, 0U);
  EXPECT_EQ(waitpid(twin, nullptr, __WALL | WNOHANG), -1);
}

TEST_F(EndTwin, AChildOfTheProgramThatHasTheNumberByNowIsLeftAlone) {
  const pid_t child = start_child(SIGCHLD);
  ASSERT_GT(child, 0);
  call_->twin = static_cast<std::uint64_t>(child);
  end_twin();
  EXPECT_EQ(call_->twin, 0U);
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it lives";
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(EndTwin, WhatBlocksSignalsEndsWithItsCall) {
  const auto* const code = reinterpret_cast<const unsigned char*>(call_->code);  // NOLINT: ours
  const unsigned char* const after = code + protocol::kBlockingBytes;
  EXPECT_EQ(after[-2], 0x0f);  // syscall
  EXPECT_EQ(after[-1], 0x05);
}

}  // namespace
}  // namespace memwatch::preload
