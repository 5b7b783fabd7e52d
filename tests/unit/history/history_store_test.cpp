#include "collector/history/history_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/temporary_directory.h"

namespace memwatch::history {
namespace {

constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                       kDay = 24 * kHour;
constexpr std::int64_t kStart = 1'800'000'000'000 / (600 * kSecond) * (600 * kSecond);

class Store : public testing::Test {
 protected:
  [[nodiscard]] HistoryStore open(Limits limits = {}, const std::string& boot = "boot") const {
    Result<HistoryStore> store = HistoryStore::open(path_, boot, limits);
    EXPECT_TRUE(store) << store.error().to_line();
    return *std::move(store);
  }
  static ProcessSample at(std::int64_t time_ms, std::uint64_t rss, pid_t pid = 7,
                          const std::string& name = "server") {
    ProcessSample row;
    row.process = {pid, 100, name};
    row.sample.time_ms = time_ms;
    row.sample.rss = row.sample.rss_max = rss;
    row.sample.live = row.sample.live_max = rss / 2;
    row.sample.allocations = static_cast<std::uint64_t>((time_ms - kStart) / kSecond);
    return row;
  }
  static std::vector<ProcessSample> all(HistoryStore& store, Question question = {}) {
    Result<std::vector<ProcessSample>> rows = store.ask(question);
    EXPECT_TRUE(rows) << rows.error().to_line();
    return *std::move(rows);
  }

  test_support::TemporaryDirectory directory_;
  std::string root_ = directory_.path(), path_ = directory_.path("history.db");
};

TEST_F(Store, WhatWasWrittenIsReadBackAlsoByTheNext) {
  {
    HistoryStore store = open();
    ASSERT_TRUE(store.append({at(kStart, 100), at(kStart, 900, 8, "other")}));
    ProcessSample idle = at(kStart + kSecond, 200);
    idle.sample.live.reset();
    idle.sample.live_max.reset();
    ASSERT_TRUE(store.append({idle}));
  }
  HistoryStore store = open();
  const std::vector<ProcessSample> rows = all(store);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].process, (ProcessKey{7, 100, "server"})) << "oldest first, then by pid";
  EXPECT_EQ(rows[0].sample.rss, 100U);
  EXPECT_EQ(rows[0].sample.live, 50U);
  EXPECT_EQ(rows[1].process.name, "other");
  EXPECT_EQ(rows[2].sample.time_ms, kStart + kSecond);
  EXPECT_FALSE(rows[2].sample.live);
}

TEST_F(Store, QuestionsNarrow) {
  HistoryStore store = open();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        store.append({at(kStart + i * kSecond, 10), at(kStart + i * kSecond, 20, 8, "other")}));
  }
  Question question;
  question.pid = 8;
  question.count = 3;
  std::vector<ProcessSample> rows = all(store, question);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].sample.time_ms, kStart + 7 * kSecond);
  EXPECT_EQ(rows[2].sample.time_ms, kStart + 9 * kSecond);
  question = {};
  question.name = "server";
  question.since_ms = kStart + 5 * kSecond;
  rows = all(store, question);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0].process.pid, 7);
  question.name = "server' OR 1";
  EXPECT_TRUE(all(store, question).empty());
}

TEST_F(Store, AReusedPidIsAnotherProcess) {
  HistoryStore store = open();
  ProcessSample later = at(kStart + kSecond, 2);
  later.process.start_ticks = 200;
  ASSERT_TRUE(store.append({at(kStart, 1)}));
  ASSERT_TRUE(store.append({later}));
  const std::vector<ProcessSample> rows = all(store);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NE(rows[0].process, rows[1].process);
  HistoryStore after_boot = open({}, "another boot");
  ASSERT_TRUE(after_boot.append({at(kStart, 3)}));
  EXPECT_EQ(all(after_boot).size(), 3U) << "the same pid and ticks after a boot replace nothing";
}

TEST_F(Store, SamplesMergeAsTheyAgeAndLoseNoPeak) {
  HistoryStore store = open();
  std::vector<ProcessSample> hour;
  for (int i = 0; i < 3600; ++i) hour.push_back(at(kStart + i * kSecond, i == 1234 ? 9000 : 100));
  ASSERT_TRUE(store.append(hour));
  ASSERT_TRUE(store.maintain(kStart + kHour));
  EXPECT_EQ(all(store, {{}, {}, 0, 10'000}).size(), 3600U) << "none is an hour old";

  ASSERT_TRUE(store.maintain(kStart + 2 * kHour));
  std::vector<ProcessSample> rows = all(store);
  ASSERT_EQ(rows.size(), 60U);
  EXPECT_EQ(rows[0].sample.span_ms, kMinute);
  EXPECT_EQ(rows[0].sample.time_ms, kStart);
  EXPECT_EQ(rows[0].sample.rss, 100U);
  EXPECT_EQ(rows[0].sample.allocations, 59U);
  EXPECT_EQ(rows[20].sample.rss_max, 9000U);
  EXPECT_EQ(rows[20].sample.rss, (59U * 100 + 9000) / 60);

  ASSERT_TRUE(store.maintain(kStart + 2 * kHour)) << "a second time changes nothing";
  EXPECT_EQ(all(store).size(), 60U);

  ASSERT_TRUE(store.maintain(kStart + 2 * kDay));
  rows = all(store);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[2].sample.rss_max, 9000U);
  EXPECT_EQ(rows[5].sample.allocations, 3599U);

  ASSERT_TRUE(store.maintain(kStart + 9 * kDay));
  EXPECT_TRUE(all(store).empty());
}

TEST_F(Store, AFullHistoryLosesItsOldest) {
  Limits limits;
  limits.max_bytes = 512U << 10;
  HistoryStore store = open(limits);
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<ProcessSample> rows;
    for (int i = 0; i < 500; ++i) rows.push_back(at(kStart + (batch * 500 + i) * kSecond / 10, 1));
    ASSERT_TRUE(store.append(rows));
  }
  ASSERT_GT(*store.bytes(), limits.max_bytes);
  ASSERT_TRUE(store.maintain(kStart + kMinute));
  EXPECT_LE(*store.bytes(), limits.max_bytes);
  const std::vector<ProcessSample> rows = all(store, {{}, {}, 0, 100'000});
  ASSERT_FALSE(rows.empty());
  EXPECT_GT(rows.front().sample.time_ms, kStart);
  EXPECT_EQ(rows.back().sample.time_ms, kStart + 19'999 * kSecond / 10);
  EXPECT_LE(std::filesystem::file_size(path_), limits.max_bytes);
}

TEST_F(Store, RowsOfTheFutureDoNotMakeATenthOfAllThatIsThere) {
  Limits limits;
  limits.max_bytes = 512U << 10;
  HistoryStore store = open(limits);
  std::vector<ProcessSample> rows;
  for (int i = 0; i < 15'000; ++i) rows.push_back(at(kStart + i * kSecond / 10, 1));
  rows.push_back(at(kStart + 50 * 365 * kDay, 1));
  ASSERT_TRUE(store.append(rows));
  ASSERT_GT(*store.bytes(), limits.max_bytes);
  ASSERT_TRUE(store.maintain(kStart + 1500 * kSecond));
  EXPECT_LE(*store.bytes(), limits.max_bytes);
  EXPECT_GT(all(store, {{}, {}, 0, 100'000}).size(), 5'000U);
}

TEST_F(Store, ForeignDamagedAndNewerFilesAreToldApart) {
  std::ofstream(path_) << std::string(8192, 'x');
  Result<HistoryStore> foreign = HistoryStore::open(path_, "boot", {});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().kind, ErrorKind::damaged) << foreign.error().to_line();
  EXPECT_EQ(foreign.error().subject, path_);
  const Result<HistoryStore> nowhere = HistoryStore::open(root_ + "/none/h.db", "boot", {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::system);
}

TEST_F(Store, BytesThatChangedOnDiskAreNoticed) {
  {
    HistoryStore store = open();
    std::vector<ProcessSample> rows;
    for (int i = 0; i < 5000; ++i) rows.push_back(at(kStart + i * kSecond, 1));
    ASSERT_TRUE(store.append(rows));
    ASSERT_TRUE(store.maintain(kStart));
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  for (std::streamoff page = 1; page < 20; ++page) {
    file.seekp(page * 4096);
    file << std::string(64, '\xff');
  }
  file.close();
  const Result<HistoryStore> damaged = HistoryStore::open(path_, "boot", {});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::damaged) << damaged.error().to_line();
}

}  // namespace
}  // namespace memwatch::history
