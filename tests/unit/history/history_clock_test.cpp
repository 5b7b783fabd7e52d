// What a clock that is set, or wrong, or ahead because the machine was off, does to the history:
// the clocks are played, the file and the thread are real.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <limits>
#include <utility>

#include "collector/history/history.h"
#include "collector/history/sqlite.h"
#include "tests/unit/temporary_directory.h"

namespace memwatch::history {
namespace {

constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                       kDay = 24 * kHour;
constexpr std::int64_t kBegin = 1'800'000'000'000 / (600 * kSecond) * (600 * kSecond);
constexpr std::size_t kRows = 20;

class HistoryClock : public testing::Test {
 protected:
  void start() {
    history_ = std::make_unique<History>(
        directory_.path("history.db"), boot_, Limits{},
        [this](const std::string& line) {
          const std::lock_guard lock(mutex_);
          lines_.push_back(line);
        },
        History::Clocks{[this] { return wall_ms_.load(); }, [this] { return running_ms_.load(); }});
  }
  void stop() { history_.reset(); }
  void boot(const std::string& name) {
    boot_ = name;
    running_ms_ = kMinute;
    start();
  }
  void pass(std::int64_t ms) {
    wall_ms_ += ms;
    running_ms_ += ms;
  }
  // A second each, with an operation.
  void record(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t now = wall_ms_;
      ProcessSample row;
      row.process = {7, 1, "server"};
      row.sample.time_ms = now;
      row.sample.rss = row.sample.rss_max = 1;
      Batch batch{row};
      Operation operation;
      operation.process = row.process;
      operation.time_ms = now;
      operation.function = "malloc";
      batch.operations.push_back(operation);
      history_->add(std::move(batch));
      static_cast<void>(samples());  // it is written while the clock shows this
      pass(kSecond);
    }
  }
  void keep_up() {  // and one more of each
    pass(kMinute);
    record(1);
    static_cast<void>(samples());
  }
  std::vector<ProcessSample> samples() {
    std::promise<History::Answer> promise;
    Question question;
    question.since_ms = std::numeric_limits<std::int64_t>::min();
    question.count = 100'000;
    history_->ask(question, [&](History::Answer answer) { promise.set_value(std::move(answer)); });
    const History::Answer answer = promise.get_future().get();
    EXPECT_TRUE(answer) << answer.error().to_line();
    return answer ? *answer : std::vector<ProcessSample>{};
  }
  std::size_t operations() {
    std::promise<History::OperationAnswer> promise;
    Question question;
    question.since_ms = std::numeric_limits<std::int64_t>::min();
    question.count = 10'000;
    history_->find_operations(
        question, [&](History::OperationAnswer answer) { promise.set_value(std::move(answer)); });
    const History::OperationAnswer answer = promise.get_future().get();
    EXPECT_TRUE(answer) << answer.error().to_line();
    return answer ? answer->size() : 0;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

  test_support::TemporaryDirectory directory_;
  std::atomic<std::int64_t> wall_ms_{kBegin}, running_ms_{kDay};
  std::string boot_ = "boot";
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::unique_ptr<History> history_;
};

TEST_F(HistoryClock, SetBackItDeletesAndMergesNothing) {
  start();
  record(kRows);
  wall_ms_ -= 10 * kDay;
  record(kRows);
  keep_up();
  EXPECT_EQ(samples().size(), 2 * kRows + 1);
  EXPECT_EQ(operations(), 2 * kRows + 1);
  EXPECT_EQ(lines(), std::vector<std::string>{"the clock was set back by 10 days; nothing in the "
                                              "history is lost by that"});
}

TEST_F(HistoryClock, SetAheadItDeletesAndMergesNothing) {
  start();
  record(kRows);
  wall_ms_ += 10 * kDay;
  record(kRows);
  keep_up();
  EXPECT_EQ(samples().size(), 2 * kRows + 1);
  EXPECT_EQ(operations(), 2 * kRows + 1);
  stop();
  start();
  keep_up();
  EXPECT_EQ(samples().size(), 2 * kRows + 2) << "nor does the next daemon";
  EXPECT_EQ(operations(), 2 * kRows + 2);
  EXPECT_EQ(lines(), std::vector<std::string>{"the clock was set ahead by 10 days; nothing in the "
                                              "history ages by that"});
}

TEST_F(HistoryClock, AfterAJumpItAgesByWhatPasses) {
  start();
  record(kRows);
  wall_ms_ += 10 * kDay;
  record(kRows);
  pass(2 * kHour);
  keep_up();
  for (const ProcessSample& row : samples()) {
    if (row.sample.time_ms < wall_ms_ - kHour) {
      EXPECT_EQ(row.sample.span_ms, kMinute);
    }
  }
  EXPECT_EQ(operations(), 2 * kRows + 1);
  pass(7 * kDay);
  keep_up();
  EXPECT_EQ(samples().size(), 1U) << "the latest";
  EXPECT_EQ(operations(), 1U);
}

TEST_F(HistoryClock, AheadSinceTheDaemonWasOffItIsSeenByTheMachinesOwnClock) {
  start();
  record(kRows);
  stop();
  pass(kMinute);
  wall_ms_ += 10 * kDay;
  start();
  keep_up();
  pass(2 * kHour);
  keep_up();
  EXPECT_EQ(operations(), kRows + 2);
  EXPECT_EQ(lines(), std::vector<std::string>{"the clock was set ahead by 10 days; nothing in the "
                                              "history ages by that"});
}

TEST_F(HistoryClock, WrongAtTheStartOfTheMachineItDeletesNothingUntilItIsSet) {
  start();
  record(kRows);
  stop();
  pass(kMinute);
  wall_ms_ += 10 * kDay;
  boot("next");
  record(kRows);
  keep_up();
  EXPECT_EQ(samples().size(), 2 * kRows + 1);
  stop();
  start();  // another daemon, in the same hour
  pass(kHour / 2);
  wall_ms_ -= 10 * kDay;
  keep_up();
  pass(kHour);
  keep_up();
  EXPECT_EQ(operations(), 2 * kRows + 3);
  const std::vector<std::string> told = lines();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].find("by the clock nothing was recorded for 10 days; "), 0U) << told[0];
  EXPECT_EQ(told[1].find("the clock was set back by 10 days; "), 0U) << told[1];
}

TEST_F(HistoryClock, OffForAMonthWhatIsTooOldIsDeletedAfterAnHour) {
  start();
  record(kRows);
  stop();
  wall_ms_ += 31 * kDay;
  boot("next");
  keep_up();
  EXPECT_EQ(samples().size(), kRows + 1);
  pass(kHour);
  keep_up();
  const std::vector<ProcessSample> left = samples();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_GT(left.front().sample.time_ms, kBegin + 31 * kDay);
  EXPECT_EQ(operations(), 2U);
}

TEST_F(HistoryClock, ADaemonThatWasOffForAMonthDeletesAtOnce) {
  start();
  record(kRows);
  stop();
  pass(31 * kDay);
  start();
  keep_up();
  EXPECT_EQ(samples().size(), 1U);
  EXPECT_TRUE(lines().empty());
}

// What a memwatch wrote that knew nothing of clocks.
TEST_F(HistoryClock, OfAnOlderFileTheLatestRowIsTheLastThatIsKnown) {
  start();
  record(kRows);
  stop();
  sqlite3* opened = nullptr;
  ASSERT_EQ(sqlite3_open(directory_.path("history.db").c_str(), &opened), SQLITE_OK);
  const Database database(opened);
  ASSERT_TRUE(execute(opened, "make it old",
                      "DROP TABLE clock; DROP TABLE clock_gap; PRAGMA user_version = 3"));
  pass(10 * kDay);
  start();
  keep_up();
  EXPECT_EQ(samples().size(), kRows + 1);
  pass(kHour);
  keep_up();
  EXPECT_EQ(operations(), 2U);
}

// A minute that the clock shows twice is one row, of both.
TEST_F(HistoryClock, AnHourThatIsShownTwiceLosesNoPeak) {
  start();
  record(60);
  pass(2 * kHour);
  keep_up();  // merged to a minute
  const std::size_t before = samples().size();
  wall_ms_ = kBegin;
  ProcessSample peak;
  peak.process = {7, 1, "server"};
  peak.sample.time_ms = kBegin + 30 * kSecond + 1;
  peak.sample.rss = peak.sample.rss_max = 9;
  history_->add({peak});
  static_cast<void>(samples());
  pass(2 * kHour);
  keep_up();
  const std::vector<ProcessSample> after = samples();
  EXPECT_EQ(after.size(), before + 1);
  EXPECT_EQ(after.front().sample.time_ms, kBegin);
  EXPECT_EQ(after.front().sample.rss, 5U);
  EXPECT_EQ(after.front().sample.rss_max, 9U);
}

}  // namespace
}  // namespace memwatch::history
