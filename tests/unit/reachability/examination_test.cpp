// Whose memory is looked at: a pid alone is nobody's name.
#include "collector/reachability/examination.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/procfs/process_identity.h"

namespace memwatch::reachability {
namespace {

class ExaminationOfAProcess : public testing::Test {
 protected:
  void SetUp() override {
    subject_.pid = fork();
    if (subject_.pid == 0) {
      for (;;) pause();
    }
    subject_.start_time = procfs::process_start_ticks(subject_.pid).value_or(0U);
    subject_.drain = [] {};
    subject_.take_blocks = [this](RootFacts&) {
      was_judged_ = true;
      return std::vector<Block>{};
    };
    subject_.is_root_site = [](std::uint32_t) { return false; };
  }
  void TearDown() override {
    kill(subject_.pid, SIGKILL);
    waitpid(subject_.pid, nullptr, 0);
  }

  Subject subject_;
  bool was_judged_ = false;
};

TEST_F(ExaminationOfAProcess, TheProcessThatIsMeantIsJudged) {
  const Examination found = examine(subject_);
  EXPECT_EQ(found.why_not, "");
  EXPECT_TRUE(was_judged_);
}

TEST_F(ExaminationOfAProcess, AnotherProcessWithItsPidIsNotAndGoesOn) {
  subject_.start_time -= 1;
  {
    const Examination found = examine(subject_);
    EXPECT_EQ(found.why_not, "it has ended");
    EXPECT_EQ(found.copy, nullptr);
  }
  EXPECT_FALSE(was_judged_);
  kill(subject_.pid, SIGTERM);  // of one that stands still nothing would come of it
  int status = 0;
  EXPECT_EQ(waitpid(subject_.pid, &status, 0), subject_.pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace memwatch::reachability
