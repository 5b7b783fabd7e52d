// A program waits a second for the collector, then runs on without it. On a busy machine the answer
// may come later than that, or not in time to be read: the program has a record all the same, which
// says that it ran unrecorded and does not call itself exact. A younger process that was killed has
// died before it allocated anything; one that ended otherwise has not taken what it was given.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "collector/base/unique_fd.h"
#include "collector/procfs/process_identity.h"
#include "collector/recording/recorder.h"
#include "shared/rendezvous.h"

namespace memwatch::recording {
namespace {

enum class Patience : std::uint8_t { gives_up_before_the_answer, never_reads_the_answer };

// In the child: introduces itself as the shim does.
bool introduce(const std::string& path, std::uint64_t start_time, UniqueFd* connection) {
  connection->reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  protocol::Hello hello{};
  hello.magic = protocol::kHelloMagic;
  hello.version = protocol::kProtocolVersion;
  hello.pid = static_cast<std::uint32_t>(getpid());
  hello.start_time = start_time;
  hello.address_space_limit = ~0ULL;
  return connect(connection->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
             0 &&
         send(connection->get(), &hello, sizeof hello, MSG_NOSIGNAL) ==
             static_cast<ssize_t>(sizeof hello);
}

class LateAnswer : public testing::TestWithParam<Patience> {
 protected:
  void SetUp() override {
    auto recorder = Recorder::create({});
    ASSERT_TRUE(recorder) << recorder.error().to_line();
    recorder_ = *std::move(recorder);
    recorder_->on_warning = [this](const std::string& sentence) { warnings_ += sentence; };
  }

  // A process that has introduced itself, under its own start time or another.
  void start(std::uint64_t later) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const UniqueFd from(ready[0]), to(ready[1]);
    child_ = fork();
    if (child_ == 0) {
      UniqueFd connection;
      const std::uint64_t own = procfs::process_start_ticks(getpid()).value_or(0U);
      if (!introduce(recorder_->rendezvous_path(), own + later, &connection)) _exit(1);
      if (GetParam() == Patience::gives_up_before_the_answer) connection.reset();
      signal(SIGUSR1, [](int) { _exit(0); });  // an ordinary end
      if (write(to.get(), "r", 1) != 1) _exit(1);
      pause();
      _exit(0);
    }
    started_at_ = procfs::process_start_ticks(child_).value_or(0U);
    char byte = 0;
    ASSERT_EQ(read(from.get(), &byte, 1), 1);
  }
  void end(int by_signal = SIGKILL) {
    kill(child_, by_signal);
    int status = 0;
    waitpid(child_, &status, 0);
    recorder_->child_ended(child_, status, 0);
    recorder_->stop();
  }

  std::unique_ptr<Recorder> recorder_;
  std::string warnings_;
  pid_t child_ = -1;
  std::uint64_t started_at_ = 0;  // in ticks
};

TEST_P(LateAnswer, IsARecordThatSaysSo) {
  start(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(protocol::kWelcomeTimeoutMs));
  recorder_->turn();
  EXPECT_EQ(recorder_->recorded_processes(), 1U);
  end();
  ASSERT_EQ(recorder_->session().processes.size(), 1U);
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.pid, static_cast<std::uint32_t>(child_));
  EXPECT_EQ(process.exit_signal, SIGKILL);
  EXPECT_EQ(process.totals.allocations, 0U);
  EXPECT_FALSE(process.losses.exact);
  ASSERT_EQ(process.notes.size(), 1U);
  EXPECT_TRUE(process.notes[0].starts_with("Ran unrecorded: memwatch did not answer"));
  EXPECT_NE(warnings_.find("did not answer within the second"), std::string::npos) << warnings_;
}

TEST_P(LateAnswer, WasNotLateForAProcessThatDiesWithinTheSecond) {
  start(0);
  recorder_->turn();
  end();
  ASSERT_EQ(recorder_->session().processes.size(), 1U);
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.exit_signal, SIGKILL);
  // A second later, on a busy machine, nobody can tell.
  EXPECT_EQ(process.losses.exact, process.notes.empty());
  EXPECT_EQ(warnings_.empty(), process.notes.empty());
  if (procfs::age_ms(started_at_) < protocol::kWelcomeTimeoutMs) {
    EXPECT_TRUE(process.losses.exact);
  }
}

TEST_P(LateAnswer, OrNotIsNoExcuseForAProcessThatEndsByItself) {
  start(0);
  recorder_->turn();
  end(SIGUSR1);
  ASSERT_EQ(recorder_->session().processes.size(), 1U);
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.exit_kind, model::ExitKind::exited);
  EXPECT_FALSE(process.losses.exact);
  ASSERT_EQ(process.notes.size(), 1U);
  EXPECT_TRUE(process.notes[0].starts_with("Ran unrecorded: ")) << process.notes[0];
  EXPECT_NE(warnings_.find("ran unrecorded"), std::string::npos) << warnings_;
}

TEST_P(LateAnswer, IsNoExcuseForAProcessWhoseEndNobodyTells) {
  start(0);
  recorder_->turn();
  kill(child_, SIGUSR1);
  int status = 0;
  waitpid(child_, &status, 0);
  recorder_->turn();
  recorder_->stop();
  ASSERT_EQ(recorder_->session().processes.size(), 1U);
  EXPECT_FALSE(recorder_->session().processes[0].losses.exact);
}

TEST_P(LateAnswer, IsNoExcuseForAProcessThatGoesOn) {
  start(0);
  recorder_->turn();
  recorder_->stop();
  ASSERT_EQ(recorder_->session().processes.size(), 1U);
  const model::Process& process = recorder_->session().processes[0];
  EXPECT_EQ(process.exit_kind, model::ExitKind::running);
  EXPECT_FALSE(process.losses.exact);
  EXPECT_EQ(process.notes.size(), 1U);
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

TEST_P(LateAnswer, ToAPidThatIsSomebodyElsesByNowIsNoRecord) {
  start(1);
  recorder_->turn();
  const bool gave_up = GetParam() == Patience::gives_up_before_the_answer;
  EXPECT_EQ(recorder_->recorded_processes(), gave_up ? 0U : 1U);
  end();
}

INSTANTIATE_TEST_SUITE_P(Who, LateAnswer,
                         testing::Values(Patience::gives_up_before_the_answer,
                                         Patience::never_reads_the_answer));

}  // namespace
}  // namespace memwatch::recording
