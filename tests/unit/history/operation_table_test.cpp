#include "collector/history/operation_table.h"

#include <gtest/gtest.h>

#include "collector/history/history_store.h"
#include "collector/history/sqlite.h"
#include "tests/unit/temporary_directory.h"

namespace memwatch::history {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000, kHour = 3'600'000;

class Operations : public testing::Test {
 protected:
  [[nodiscard]] HistoryStore open(Limits limits = {}) const {
    Result<HistoryStore> store = HistoryStore::open(path_, "boot", limits);
    EXPECT_TRUE(store) << store.error().to_line();
    return *std::move(store);
  }
  static Operation operation(std::int64_t time_ms, std::uint64_t size, pid_t pid = 7) {
    Operation made;
    made.process = {pid, 100, pid == 7 ? "server" : "other"};
    made.time_ms = time_ms;
    made.function = "malloc";
    made.size = size;
    made.tid = 9;
    return made;
  }
  static void add(HistoryStore& store, std::vector<Operation> operations) {
    Batch batch;
    batch.operations = std::move(operations);
    const auto written = store.append(batch);
    ASSERT_TRUE(written) << written.error().to_line();
  }
  static std::vector<std::uint64_t> sizes(HistoryStore& store, const Question& question = {}) {
    const Result<std::vector<Operation>> found = store.find_operations(question);
    EXPECT_TRUE(found) << found.error().to_line();
    std::vector<std::uint64_t> all;
    for (const Operation& each : *found) all.push_back(each.size);
    return all;
  }

  test_support::TemporaryDirectory directory_;
  std::string root_ = directory_.path(), path_ = directory_.path("history.db");
};

TEST_F(Operations, WhatWasWrittenIsReadBackAlsoByTheNext) {
  {
    HistoryStore store = open();
    Operation failed = operation(kStart, std::uint64_t{1} << 63, 8);
    failed.kind = OperationKind::failure;
    failed.error_number = 12;
    failed.more = 5;
    Operation released = operation(kStart + 1, 2);
    released.kind = OperationKind::release;
    released.function = "free";
    add(store, {failed, released});
  }
  HistoryStore store = open();
  const Result<std::vector<Operation>> found = store.find_operations({});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  const Operation& failed = (*found)[0];
  EXPECT_EQ(failed.kind, OperationKind::failure) << "oldest first";
  EXPECT_EQ(failed.process, (ProcessKey{8, 100, "other"}));
  EXPECT_EQ(failed.error_number, 12);
  EXPECT_EQ(failed.size, std::uint64_t{1} << 63) << "absurd sizes are what fails";
  EXPECT_EQ(failed.more, 5U);
  EXPECT_EQ(failed.tid, 9U);
  EXPECT_EQ((*found)[1].kind, OperationKind::release);
  EXPECT_EQ((*found)[1].function, "free");
  EXPECT_EQ((*found)[1].time_ms, kStart + 1);
}

TEST_F(Operations, QuestionsNarrow) {
  HistoryStore store = open();
  for (int i = 0; i < 6; ++i) {
    const auto size = static_cast<std::uint64_t>(i);
    add(store, {operation(kStart + i, size, i % 2 == 0 ? 7 : 8)});
  }
  Question question;
  question.pid = 8;
  question.count = 2;
  EXPECT_EQ(sizes(store, question), (std::vector<std::uint64_t>{3, 5}));
  question = {};
  question.name = "server";
  question.since_ms = kStart + 1;
  EXPECT_EQ(sizes(store, question), (std::vector<std::uint64_t>{2, 4}));
}

TEST_F(Operations, TheyAreKeptForADayAndNoMoreThanSoMany) {
  HistoryStore store = open();
  add(store, {operation(kStart, 1), operation(kStart + kHour, 2)});
  ASSERT_TRUE(store.maintain(kStart + 24 * kHour + 1));
  EXPECT_EQ(sizes(store), std::vector<std::uint64_t>{2});
  std::vector<Operation> many;
  for (std::int64_t i = 0; i < kMostOperations; ++i) many.push_back(operation(kStart + kHour, 3));
  add(store, std::move(many));
  ASSERT_TRUE(store.maintain(kStart + kHour));
  const std::vector<std::uint64_t> left = sizes(store, {{}, {}, 0, 1'000'000});
  EXPECT_EQ(left.size(), static_cast<std::size_t>(kMostOperations));
  EXPECT_EQ(left.front(), 3U) << "the oldest went";
}

TEST_F(Operations, WhatAProcessRemembersIsNotToldTwice) {
  {
    HistoryStore store = open();
    add(store, {operation(kStart, 1), operation(kStart + 1000, 2), operation(kStart, 5, 8)});
  }
  HistoryStore store = open();
  std::vector<Operation> remembered = {operation(kStart - 3, 1), operation(kStart + 1004, 2),
                                       operation(kStart + 1004, 2), operation(kStart + 2000, 2)};
  for (Operation& each : remembered) each.is_remembered = true;
  add(store, remembered);
  EXPECT_EQ(sizes(store), (std::vector<std::uint64_t>{1, 5, 2, 2}))
      << "what came after the earlier daemon's last is new";
  // Of one that the first daemon has just found nothing is known.
  Operation other = operation(kStart - 50'000, 9, 10);
  other.is_remembered = true;
  add(store, {other, other});
  EXPECT_EQ(sizes(store).size(), 6U) << "two alike are two";
}

TEST_F(Operations, RowsThatMakeNoSenseAreLeftOut) {
  HistoryStore store = open();
  add(store, {operation(kStart, 1), operation(kStart + 1, 2), operation(kStart + 2, 3)});
  sqlite3* opened = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &opened), SQLITE_OK);
  const Database database(opened);
  ASSERT_TRUE(execute(opened, "change",
                      "UPDATE operation SET kind = 'dance' WHERE size = 1; "
                      "UPDATE operation SET process = 99 WHERE size = 2; "
                      "UPDATE operation SET more = 'x', tid = -1 WHERE size = 3"));
  EXPECT_EQ(sizes(store), std::vector<std::uint64_t>{3});
}

}  // namespace
}  // namespace memwatch::history
