// A channel's queue: order, second tries, tests in between, restarts. The channel is played; waits
// are for what happens, not for a time.
#include "tools/notify/channel_worker.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "tests/unit/temporary_directory.h"

namespace memwatch::notify {
namespace {

using Result = Delivery::Result;

// What the other side has heard, and how it answers.
struct OtherSide {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> heard;  // taken
  int tries = 0, reminders = 0;
  Result answer = Result::done;
  bool hangs = false;
  std::vector<std::string> troubles;

  template <typename Condition>
  [[nodiscard]] bool wait(const Condition& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), condition);
  }
  void set(Result wanted) {
    const std::lock_guard lock(mutex);
    answer = wanted;
  }
};

class PlayedChannel : public Channel {
 public:
  PlayedChannel(OtherSide& side, bool keeps_queue, bool reminds)
      : side_(side), keeps_queue_(keeps_queue), reminds_(reminds) {}
  [[nodiscard]] std::string name() const override { return "played"; }
  [[nodiscard]] std::string payload(const alerts::Notice& notice) const override {
    return notice.alert.message;
  }
  Delivery deliver(const std::string& payload, int stop) override {
    std::unique_lock lock(side_.mutex);
    ++side_.tries;
    side_.changed.notify_all();
    if (side_.hangs) {
      lock.unlock();
      pollfd stopped{stop, POLLIN, 0};
      poll(&stopped, 1, 60'000);
      return {Result::stopped, {}};
    }
    if (side_.answer == Result::done) side_.heard.push_back(payload);
    side_.changed.notify_all();
    return {side_.answer, side_.answer == Result::done ? "" : "the other side is down"};
  }
  [[nodiscard]] bool keeps_queue() const override { return keeps_queue_; }
  [[nodiscard]] std::optional<std::chrono::seconds> between_reminders() const override {
    return reminds_ ? std::optional(std::chrono::seconds(1)) : std::nullopt;
  }
  Delivery remind(int) override {
    const std::lock_guard lock(side_.mutex);
    ++side_.reminders;
    side_.changed.notify_all();
    return {};
  }

 private:
  OtherSide& side_;
  bool keeps_queue_, reminds_;
};

class ChannelWorkers : public testing::Test {
 protected:
  std::unique_ptr<ChannelWorker> start(bool keeps_queue = true, bool reminds = false) {
    return std::make_unique<ChannelWorker>(
        std::make_unique<PlayedChannel>(side_, keeps_queue, reminds), directory_.path("spool"),
        [this](const std::string& line) {
          const std::lock_guard lock(side_.mutex);
          side_.troubles.push_back(line);
        });
  }
  static alerts::Notice notice(const std::string& message) {
    alerts::Notice made;
    made.alert.message = message;
    return made;
  }
  [[nodiscard]] bool heard(std::size_t count) {
    return side_.wait([&] { return side_.heard.size() >= count; });
  }
  static Delivery test(ChannelWorker& worker, const std::string& message) {
    std::promise<Delivery> promise;
    worker.test(notice(message).alert,
                [&](const Delivery& delivery) { promise.set_value(delivery); });
    return promise.get_future().get();
  }

  const test_support::TemporaryDirectory directory_;
  OtherSide side_;
};

TEST_F(ChannelWorkers, AlertsAreDeliveredInTheirOrder) {
  const auto worker = start();
  for (int i = 0; i < 20; ++i) worker->notify(notice(std::to_string(i)));
  ASSERT_TRUE(heard(20));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(side_.heard[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_TRUE(side_.troubles.empty());
}

TEST_F(ChannelWorkers, WhatIsNotTakenIsTriedAgainAndToldOnce) {
  side_.answer = Result::retry;
  const auto worker = start();
  worker->notify(notice("a"));
  worker->notify(notice("b"));
  ASSERT_TRUE(side_.wait([&] { return side_.tries >= 2; }));
  EXPECT_EQ(worker->state().waiting, 2U);
  EXPECT_EQ(worker->state().trouble, "the other side is down");
  side_.set(Result::done);
  ASSERT_TRUE(heard(2));
  EXPECT_EQ(side_.heard, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(side_.troubles, std::vector<std::string>{
                                "alerts by played: the other side is down; it is tried again"});
}

TEST_F(ChannelWorkers, WhatIsRefusedIsGivenUpAndCounted) {
  side_.answer = Result::failed;
  const auto worker = start();
  worker->notify(notice("a"));
  worker->notify(notice("b"));
  ASSERT_TRUE(side_.wait([&] { return side_.tries >= 2; }));
  side_.set(Result::done);
  worker->notify(notice("c"));
  ASSERT_TRUE(heard(1));
  EXPECT_EQ(side_.heard.front(), "c");
  EXPECT_EQ(worker->state().failed, 2U);
  EXPECT_EQ(side_.troubles.size(), 1U);
}

TEST_F(ChannelWorkers, TheQueueOutlivesTheDaemon) {
  side_.answer = Result::retry;
  {
    const auto worker = start();
    worker->notify(notice("a"));
    worker->notify(notice("b"));
    ASSERT_TRUE(side_.wait([&] { return side_.tries >= 1; }));
  }
  side_.set(Result::done);
  {
    const auto worker = start();
    worker->notify(notice("c"));
    ASSERT_TRUE(heard(3));
  }
  // The new one may have come before the file of the old ones was read, but none is lost or
  // doubled.
  std::vector<std::string> sorted = side_.heard;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (std::vector<std::string>{"a", "b", "c"}));
  Spool spool(directory_.path("spool"));
  EXPECT_TRUE(spool.load().empty());
}

// Files that are there whenever the daemon is killed.
TEST_F(ChannelWorkers, WhatTheDiskDidNotTakeIsKeptWhenItDoes) {
  side_.answer = Result::retry;
  const std::string place = directory_.path("spool");
  std::ofstream(place) << "in the place of the directory";
  auto worker = start();
  worker->notify(notice("a"));
  worker->notify(notice("b"));
  const auto complaints = [&] {
    return std::count_if(side_.troubles.begin(), side_.troubles.end(), [](const auto& line) {
      return line.find("; it waits in memory until it can be kept") != std::string::npos;
    });
  };
  ASSERT_TRUE(side_.wait([&] { return side_.tries >= 1 && complaints() > 0; }));
  std::filesystem::remove(place);
  const auto files = [&] {
    std::error_code none;
    std::ptrdiff_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(place, none)) {
      if (entry.path().extension() == ".json") ++found;
    }
    return found;
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (files() < 2 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(files(), 2) << "nothing new has come, and still it is tried again";
  {
    const std::lock_guard lock(side_.mutex);
    EXPECT_EQ(complaints(), 1);
  }
  worker.reset();
  side_.set(Result::done);
  worker = start();
  ASSERT_TRUE(heard(2));
  EXPECT_EQ(side_.heard, (std::vector<std::string>{"a", "b"}));
}

TEST_F(ChannelWorkers, ATestGoesBeforeWhatWaitsAndIsTriedOnce) {
  side_.answer = Result::retry;
  const auto worker = start();
  worker->notify(notice("a"));
  ASSERT_TRUE(side_.wait([&] { return side_.tries >= 1; }));
  EXPECT_EQ(test(*worker, "test").result, Result::retry);
  EXPECT_EQ(worker->state().waiting, 1U);
  side_.set(Result::done);
  EXPECT_EQ(test(*worker, "test").result, Result::done);
  ASSERT_TRUE(heard(2));
}

TEST_F(ChannelWorkers, ATestShowsWhetherTheChannelWorksButCountsAsNoAlert) {
  side_.answer = Result::failed;
  const auto worker = start();
  EXPECT_EQ(test(*worker, "test").result, Result::failed);
  EXPECT_EQ(worker->state().trouble, "the other side is down");
  side_.set(Result::done);
  EXPECT_EQ(test(*worker, "").result, Result::done);
  EXPECT_EQ(worker->state().trouble, "the other side is down") << "it was told nothing";
  EXPECT_EQ(test(*worker, "test").result, Result::done);
  EXPECT_EQ(worker->state().trouble, "");
  EXPECT_EQ(worker->state().delivered, 0U);
  EXPECT_EQ(worker->state().failed, 0U);
  EXPECT_TRUE(side_.troubles.empty()) << "whoever asked was told";
}

TEST_F(ChannelWorkers, OneThatHangsIsNotWaitedForAtTheEnd) {
  side_.hangs = true;
  auto worker = start();
  worker->notify(notice("a"));
  ASSERT_TRUE(side_.wait([&] { return side_.tries >= 1; }));
  worker.reset();
  Spool spool(directory_.path("spool"));
  EXPECT_EQ(spool.load().size(), 1U);
}

TEST_F(ChannelWorkers, RemindersComeByThemselves) {
  const auto worker = start(false, true);
  ASSERT_TRUE(side_.wait([&] { return side_.reminders >= 2; }));
  worker->notify(notice("a"));
  ASSERT_TRUE(heard(1));
}

}  // namespace
}  // namespace memwatch::notify
