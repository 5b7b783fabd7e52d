#include "collector/history/history.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <utility>

#include "tests/unit/temporary_directory.h"

namespace memwatch::history {
namespace {

class Histories : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<History> start() {
    return std::make_unique<History>(path_, "boot", Limits{}, [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      troubles_.push_back(line);
    });
  }
  static std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  static std::vector<ProcessSample> batch(std::uint64_t rss, std::int64_t offset_ms = 0) {
    ProcessSample row;
    row.process = {7, 1, "server"};
    row.sample.time_ms = now_ms() + offset_ms;
    row.sample.rss = row.sample.rss_max = rss;
    return {row};
  }
  static std::vector<ProcessSample> all(History& history) {
    std::promise<History::Answer> promise;
    history.ask({}, [&](History::Answer answer) { promise.set_value(std::move(answer)); });
    const History::Answer answer = promise.get_future().get();
    EXPECT_TRUE(answer) << answer.error().to_line();
    return answer ? *answer : std::vector<ProcessSample>{};
  }
  std::vector<std::string> troubles() {
    const std::lock_guard lock(mutex_);
    return troubles_;
  }

  test_support::TemporaryDirectory directory_;
  std::string root_ = directory_.path(), path_ = directory_.path("history.db");
  std::mutex mutex_;
  std::vector<std::string> troubles_;
};

TEST_F(Histories, WhatWasAddedIsAnsweredAndOutlivesIt) {
  {
    const auto history = start();
    history->add(batch(1));
    history->add(batch(2, 1));
    EXPECT_EQ(all(*history).size(), 2U);
    history->add(batch(3, 2));
  }
  const auto history = start();
  EXPECT_EQ(all(*history).size(), 3U);
  EXPECT_TRUE(troubles().empty());
}

TEST_F(Histories, AKilledOneLosesNothingThatWasWritten) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto history = start();
    for (int i = 0; i < 20; ++i) history->add(batch(static_cast<std::uint64_t>(i), i));
    all(*history);
    static_cast<void>(!write(told[1], "x", 1));
    pause();
  }
  char byte = 0;
  ASSERT_EQ(read(told[0], &byte, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const auto history = start();
  EXPECT_EQ(all(*history).size(), 20U);
  EXPECT_TRUE(troubles().empty());
}

TEST_F(Histories, ADamagedFileIsSetAsideNotDeleted) {
  std::ofstream(path_) << "this was a history once, and is none any more" << std::string(4096, 'x');
  const auto history = start();
  history->add(batch(1));
  EXPECT_EQ(all(*history).size(), 1U);
  ASSERT_EQ(troubles().size(), 1U);
  EXPECT_NE(troubles()[0].find("set aside as " + path_ + ".damaged-"), std::string::npos)
      << troubles()[0];
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root_)) {
    if (entry.path().string().find(".damaged-") != std::string::npos) ++aside;
  }
  EXPECT_EQ(aside, 1);
}

TEST_F(Histories, ADiskThatTakesNothingIsToldOnceAndTriedAgain) {
  path_ = root_ + "/later/history.db";
  const auto history = start();
  for (int i = 0; i < 5; ++i) {
    history->add(batch(1, i));
    std::promise<bool> promise;
    history->ask({}, [&](const History::Answer& answer) { promise.set_value(answer.has_value()); });
    EXPECT_FALSE(promise.get_future().get());
  }
  EXPECT_EQ(troubles().size(), 1U);
  std::filesystem::create_directory(root_ + "/later");
  history->add(batch(2, 5));
  EXPECT_EQ(all(*history).size(), 6U) << "what waited is written too";
  EXPECT_EQ(troubles().size(), 1U);
}

TEST_F(Histories, AFullDiskLosesNothingThatIsThere) {
  const auto history = start();
  history->add(batch(1));
  ASSERT_EQ(all(*history).size(), 1U);
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 4096;  // neither the database nor its log may grow
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 0; i < 10; ++i) history->add(batch(2, 10 + i));
  const std::size_t while_full = all(*history).size();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(while_full, 1U);
  EXPECT_EQ(troubles().size(), 1U);
  history->add(batch(3, 100));
  EXPECT_EQ(all(*history).size(), 12U);
}

// What is not done each second finds nothing else in memory, and leaves nothing there.
TEST_F(Histories, MemoryIsGivenBackAroundWhatIsRareAndAfterEverything) {
  std::mutex mutex;
  std::condition_variable changed;
  std::string events;  // g: given back, w: written, a: answered
  const auto add_event = [&](char event) {
    const std::lock_guard lock(mutex);
    events += event;
    changed.notify_all();
  };
  // Up to the last of them, which comes once all is done; they are forgotten then.
  const auto take = [&](char what) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] {
      const std::size_t at = events.find(what);
      return at != std::string::npos && events.back() == 'g' && at + 1 < events.size();
    });
    return std::exchange(events, "");
  };
  // Its running time stands still: upkeep is due at the first turn alone.
  const auto history = std::make_unique<History>(
      path_, "boot", Limits{}, [](const std::string&) {},
      History::Clocks{now_ms, [] { return std::int64_t{1000}; }}, [&] { add_event('g'); });
  history->ask({}, [&](const History::Answer&) { add_event('a'); });
  take('a');
  history->add(batch(1), [&](const auto&) { add_event('w'); });
  EXPECT_EQ(take('w'), "wg");
  Batch with_round(batch(2, 1));
  ConsumerRound round;
  round.process = {7, 1, "server"};
  round.time_ms = now_ms();
  with_round.rounds.push_back(round);
  history->add(std::move(with_round), [&](const auto&) { add_event('w'); });
  EXPECT_EQ(take('w'), "gwg");
  history->ask({}, [&](const History::Answer&) { add_event('a'); });
  EXPECT_EQ(take('a'), "gag");
}

}  // namespace
}  // namespace memwatch::history
