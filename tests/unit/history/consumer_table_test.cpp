#include "collector/history/consumer_table.h"

#include <gtest/gtest.h>

#include <limits>

#include "collector/history/history_store.h"
#include "collector/history/sqlite.h"
#include "tests/unit/temporary_directory.h"

namespace memwatch::history {
namespace {

constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::int64_t kStart = 1'800'000'000'000 / kHour * kHour;

class Consumers : public testing::Test {
 protected:
  [[nodiscard]] HistoryStore open(Limits limits = {}) const {
    Result<HistoryStore> store = HistoryStore::open(path_, "boot", limits);
    EXPECT_TRUE(store) << store.error().to_line();
    return *std::move(store);
  }
  static Consumer site(SiteId id, std::uint64_t live) {
    Consumer consumer;
    consumer.site = id;
    consumer.module = "/bin/server";
    consumer.live_bytes = live;
    consumer.live_blocks = live / 8;
    consumer.allocated_bytes = live * 2;
    consumer.calls = live / 4;
    consumer.peak_bytes = live + 1;
    return consumer;
  }
  static ConsumerRound round(std::int64_t time_ms, std::vector<Consumer> consumers, pid_t pid = 7,
                             const std::string& name = "server") {
    ConsumerRound made;
    made.process = {pid, 100, name};
    made.time_ms = time_ms;
    made.sites = consumers.size();
    for (const Consumer& consumer : consumers) made.live_bytes += consumer.live_bytes;
    made.consumers = std::move(consumers);
    return made;
  }
  static std::vector<SiteId> add(HistoryStore& store, ConsumerRound given) {
    Batch batch;
    batch.rounds = {std::move(given)};
    Result<std::vector<SiteId>> unnamed = store.append(batch);
    EXPECT_TRUE(unnamed) << unnamed.error().to_line();
    return *std::move(unnamed);
  }
  static ConsumerHistory all(HistoryStore& store, const ConsumerQuestion& question = {}) {
    Result<ConsumerHistory> found = store.find_consumers(question);
    EXPECT_TRUE(found) << found.error().to_line();
    return *std::move(found);
  }
  static std::vector<std::int64_t> times(const ConsumerHistory& history) {
    std::vector<std::int64_t> all;
    for (const ConsumerRound& each : history.rounds) all.push_back(each.time_ms - kStart);
    return all;
  }
  [[nodiscard]] std::int64_t count(const char* sql) const {
    sqlite3* opened = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &opened), SQLITE_OK);
    const Database database(opened);
    Result<Statement> statement = Statement::prepare(opened, "count", sql);
    EXPECT_TRUE(statement && statement->step());
    return statement->integer(0);
  }
  void change(const char* sql) const {
    sqlite3* opened = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &opened), SQLITE_OK);
    const Database database(opened);
    ASSERT_TRUE(execute(opened, "change", sql));
  }

  test_support::TemporaryDirectory directory_;
  std::string root_ = directory_.path(), path_ = directory_.path("history.db");
};

constexpr SiteId kHighest = std::numeric_limits<SiteId>::max();

TEST_F(Consumers, WhatWasWrittenIsReadBackLargestFirstAlsoByTheNext) {
  {
    HistoryStore store = open();
    ConsumerRound given = round(kStart, {site(1, 100), site(kHighest, 900)});
    given.is_sample = true;
    given.sites = 30;
    given.consumers[1].live_deviation = 7;
    EXPECT_EQ(add(store, given), (std::vector<SiteId>{1, kHighest}));
  }
  HistoryStore store = open();
  const ConsumerHistory history = all(store);
  ASSERT_EQ(history.rounds.size(), 1U);
  const ConsumerRound& read = history.rounds[0];
  EXPECT_EQ(read.process, (ProcessKey{7, 100, "server"}));
  EXPECT_TRUE(read.is_sample);
  EXPECT_EQ(read.sites, 30U);
  EXPECT_EQ(read.live_bytes, 1000U);
  ASSERT_EQ(read.consumers.size(), 2U);
  const Consumer& largest = read.consumers[0];
  EXPECT_EQ(largest.site, kHighest) << "all 64 bits";
  EXPECT_EQ(largest.live_bytes, 900U);
  EXPECT_EQ(largest.live_blocks, 112U);
  EXPECT_EQ(largest.allocated_bytes, 1800U);
  EXPECT_EQ(largest.calls, 225U);
  EXPECT_EQ(largest.peak_bytes, 901U);
  EXPECT_EQ(largest.live_deviation, 7U);
  EXPECT_EQ(largest.module, "/bin/server");
}

TEST_F(Consumers, ASiteIsNamedOnceForAllItsRounds) {
  HistoryStore store = open();
  add(store, round(kStart, {site(1, 100), site(2, 50)}));
  const SiteName name{"load", "load.cpp", "/bin/server", 13, "load <- main"};
  EXPECT_TRUE(store.find_names({1})->empty()) << "it is there, and has no name yet";
  ASSERT_TRUE(store.name_sites({{1, name}, {99, name}}));
  EXPECT_EQ(*store.find_names({1, 2, 99}), (std::map<SiteId, SiteName>{{1, name}}));
  EXPECT_EQ(add(store, round(kStart + kMinute, {site(1, 200), site(2, 60)})),
            std::vector<SiteId>{2});
  const ConsumerHistory history = all(store);
  EXPECT_EQ(history.sites.size(), 2U) << "one that is in no round is not there";
  EXPECT_EQ(history.sites.at(1), name);
  EXPECT_EQ(history.sites.at(2).function, "");
  EXPECT_EQ(history.sites.at(2).module, "/bin/server");
  EXPECT_EQ(count("SELECT count(*) FROM site"), 2);
}

TEST_F(Consumers, QuestionsNarrow) {
  HistoryStore store = open();
  for (int i = 0; i < 5; ++i) {
    add(store, round(kStart + i * kMinute, {site(1, 10)}));
    add(store, round(kStart + i * kMinute, {site(1, 20)}, 8, "other"));
  }
  ConsumerQuestion question;
  question.question.pid = 8;
  question.question.count = 2;
  EXPECT_EQ(times(all(store, question)), (std::vector<std::int64_t>{3 * kMinute, 4 * kMinute}));
  question = {};
  question.question.name = "server";
  question.question.since_ms = kStart + 3 * kMinute;
  EXPECT_EQ(times(all(store, question)), (std::vector<std::int64_t>{3 * kMinute, 4 * kMinute}));
  question.question.name = "server' OR 1";
  EXPECT_TRUE(all(store, question).rounds.empty());
}

TEST_F(Consumers, TheEndsOfATimeAreWhatHeldWhenItBeganAndTheLatest) {
  HistoryStore store = open();
  for (const int minute : {0, 2, 5, 9}) add(store, round(kStart + minute * kMinute, {site(1, 8)}));
  add(store, round(kStart + 7 * kMinute, {site(1, 8)}, 8, "late"));
  ConsumerQuestion question;
  question.ends_alone = true;
  question.question.name = "server";
  EXPECT_EQ(times(all(store, question)), (std::vector<std::int64_t>{0, 9 * kMinute}));
  question.question.since_ms = kStart + 4 * kMinute;
  EXPECT_EQ(times(all(store, question)), (std::vector<std::int64_t>{2 * kMinute, 9 * kMinute}));
  question.question.since_ms = kStart + 10 * kMinute;
  EXPECT_TRUE(all(store, question).rounds.empty()) << "nothing has changed since";
  question.question.name = "late";
  question.question.since_ms = 0;
  EXPECT_EQ(times(all(store, question)), std::vector<std::int64_t>{7 * kMinute}) << "its only one";
}

TEST_F(Consumers, RecordingsOfOneProcessAreNotCompared) {
  HistoryStore store = open();
  for (const int minute : {0, 1, 2, 3, 4}) {
    ConsumerRound given = round(kStart + minute * kMinute, {site(1, 8)});
    given.since_ms = minute < 2 ? kStart : kStart + 2 * kMinute;  // another daemon
    given.is_whole = minute < 2;
    add(store, given);
  }
  ConsumerQuestion question;
  question.ends_alone = true;
  for (const std::int64_t since : {std::int64_t{0}, kStart + kMinute, kStart + 2 * kMinute}) {
    question.question.since_ms = since;
    const ConsumerHistory found = all(store, question);
    EXPECT_EQ(times(found), (std::vector<std::int64_t>{2 * kMinute, 4 * kMinute}));
    EXPECT_FALSE(found.rounds[0].is_whole);
    EXPECT_EQ(found.rounds[0].since_ms, kStart + 2 * kMinute);
  }
  question.question.since_ms = kStart + 4 * kMinute;
  EXPECT_EQ(times(all(store, question)), (std::vector<std::int64_t>{3 * kMinute, 4 * kMinute}));
}

TEST_F(Consumers, RoundsThinOutAsTheyAgeAndGo) {
  HistoryStore store = open();
  for (int minute = 0; minute < 180; ++minute) {
    add(store, round(kStart + minute * kMinute, {site(1, 8), site(2, 4)}));
  }
  const std::int64_t now = kStart + 180 * kMinute;
  ASSERT_TRUE(store.maintain(now));
  std::vector<std::int64_t> expected;
  for (int minute = 9; minute < 120; minute += 10) expected.push_back(minute * kMinute);
  for (int minute = 120; minute < 180; ++minute) expected.push_back(minute * kMinute);
  EXPECT_EQ(times(all(store)), expected) << "the last of ten minutes, and each of the last hour";
  ASSERT_TRUE(store.maintain(now + kDay + kHour));
  EXPECT_EQ(times(all(store)),
            (std::vector<std::int64_t>{59 * kMinute, 119 * kMinute, 179 * kMinute}));
  EXPECT_EQ(count("SELECT count(*) FROM consumer"), 6) << "theirs go with them";
  ASSERT_TRUE(store.maintain(now + 8 * kDay));
  EXPECT_TRUE(all(store).rounds.empty());
  for (const char* table : {"consumer", "site", "process"}) {
    EXPECT_EQ(count((std::string("SELECT count(*) FROM ") + table).c_str()), 0) << table;
  }
}

TEST_F(Consumers, TheFileStaysWithinItsBound) {
  Limits limits;
  limits.max_bytes = 1U << 20;
  HistoryStore store = open(limits);
  for (int minute = 0; minute < 600; ++minute) {
    std::vector<Consumer> consumers;
    for (int i = 0; i < 20; ++i) {
      // A thousand sites, each with a long name.
      const auto id = static_cast<SiteId>(minute % 50 * 20 + i + 1);
      consumers.push_back(site(id, 1000 + id));
    }
    const std::vector<SiteId> unnamed =
        add(store, round(kStart + minute * 1000, std::move(consumers), 7 + minute % 10));
    std::vector<std::pair<SiteId, SiteName>> names;
    for (const SiteId id : unnamed)
      names.emplace_back(id, SiteName{"f", "", "", 1, std::string(500, 'x')});
    ASSERT_TRUE(store.name_sites(names));
  }
  ASSERT_GT(*store.bytes(), limits.max_bytes);
  ASSERT_TRUE(store.maintain(kStart + 600 * 1000));
  EXPECT_LE(*store.bytes(), limits.max_bytes);
  const ConsumerHistory left = all(store);
  ASSERT_FALSE(left.rounds.empty());
  EXPECT_EQ(left.rounds.back().time_ms, kStart + 599 * 1000) << "the oldest went first";
  EXPECT_EQ(left.rounds.back().consumers.size(), 20U);
}

TEST_F(Consumers, WhatMakesNoSenseIsReadAsItIs) {
  HistoryStore store = open();
  add(store, round(kStart, {site(1, std::numeric_limits<std::uint64_t>::max())}));
  change(
      "UPDATE consumer SET blocks = 'many', peak = -1; UPDATE round SET sites = -5; "
      "INSERT INTO consumer VALUES(1, 4711, 1, 1, 1, 1, 1, 1); "
      "UPDATE site SET function = x'ff00fe', line = -1");
  const ConsumerHistory history = all(store);
  ASSERT_EQ(history.rounds.size(), 1U);
  ASSERT_EQ(history.rounds[0].consumers.size(), 1U) << "a site that is not there is left out";
  EXPECT_EQ(history.rounds[0].consumers[0].live_blocks, 0U);
  ASSERT_TRUE(store.maintain(kStart + kHour));
}

// The tables as the version before made them, word by word.
constexpr const char* kVersionTwo =
    "PRAGMA auto_vacuum = INCREMENTAL; BEGIN;"
    "CREATE TABLE process(id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, start INTEGER NOT NULL, "
    "boot TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(pid, start, boot, name));"
    "CREATE TABLE sample_second(process INTEGER NOT NULL, time INTEGER NOT NULL, rss INTEGER NOT "
    "NULL, rss_max INTEGER NOT NULL, live INTEGER, live_max INTEGER, allocations INTEGER NOT NULL, "
    "large INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY(process, time)) WITHOUT ROWID; "
    "CREATE INDEX sample_second_time ON sample_second(time);"
    "CREATE TABLE sample_minute(process INTEGER NOT NULL, time INTEGER NOT NULL, rss INTEGER NOT "
    "NULL, rss_max INTEGER NOT NULL, live INTEGER, live_max INTEGER, allocations INTEGER NOT NULL, "
    "large INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY(process, time)) WITHOUT ROWID; "
    "CREATE INDEX sample_minute_time ON sample_minute(time);"
    "CREATE TABLE sample_ten_minutes(process INTEGER NOT NULL, time INTEGER NOT NULL, rss INTEGER "
    "NOT NULL, rss_max INTEGER NOT NULL, live INTEGER, live_max INTEGER, allocations INTEGER NOT "
    "NULL, large INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY(process, time)) "
    "WITHOUT ROWID; CREATE INDEX sample_ten_minutes_time ON sample_ten_minutes(time);"
    "CREATE TABLE alert(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL, "
    "severity TEXT NOT NULL, subject TEXT NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL, "
    "boot TEXT NOT NULL, process TEXT NOT NULL, message TEXT NOT NULL, metrics TEXT NOT NULL, "
    "labels TEXT NOT NULL, recommendations TEXT NOT NULL, function TEXT NOT NULL, "
    "file TEXT NOT NULL, line INTEGER NOT NULL, module TEXT NOT NULL, resolved INTEGER NOT NULL, "
    "resolution TEXT NOT NULL, suppressed INTEGER NOT NULL); "
    "CREATE INDEX alert_time ON alert(time);"
    "INSERT INTO process VALUES(3, 7, 100, 'boot', 'server');"
    "INSERT INTO sample_second VALUES(3, 1800000000000, 10, 11, 5, 6, 1, 2, 3);"
    "INSERT INTO sample_minute VALUES(3, 1799990000000, 20, 21, NULL, NULL, 1, 2, 3);"
    "INSERT INTO sample_ten_minutes VALUES(3, 1799900000000, 30, 31, 15, 16, 1, 2, 3);"
    "INSERT INTO alert VALUES(4, 1800000000000, 'large', 'warning', 's', 7, 100, 'boot', 'server', "
    "'m', '', '', '', '', '', 0, '', 0, '', 0);"
    "PRAGMA user_version = 2; COMMIT";

TEST_F(Consumers, ADatabaseOfTheVersionBeforeIsTakenOverWhole) {
  change(kVersionTwo);
  for (int opened = 0; opened < 2; ++opened) {
    HistoryStore store = open();
    const Result<std::vector<ProcessSample>> samples = store.ask({});
    ASSERT_TRUE(samples);
    ASSERT_EQ(samples->size(), 3U);
    EXPECT_EQ((*samples)[0].sample.rss, 30U);
    EXPECT_EQ((*samples)[0].sample.span_ms, 600'000);
    EXPECT_FALSE((*samples)[1].sample.live);
    EXPECT_EQ((*samples)[2].sample.rss_max, 11U);
    EXPECT_EQ((*samples)[2].process, (ProcessKey{7, 100, "server"}));
    const Result<std::vector<KeptAlert>> alerts = store.find_alerts({});
    ASSERT_TRUE(alerts);
    EXPECT_EQ(alerts->size(), 1U);
    add(store, round(kStart + opened, {site(1, 8)}));
    EXPECT_EQ(all(store).rounds.size(), static_cast<std::size_t>(opened) + 1);
  }
  EXPECT_EQ(count("PRAGMA user_version"), 4);
  EXPECT_EQ(count("SELECT count(*) FROM process"), 1) << "the process is the same one";
}

// What was done halfway is undone, and done by the next.
TEST_F(Consumers, ATakingOverThatFailsChangesNothing) {
  change(kVersionTwo);
  change("CREATE TABLE operation(other INTEGER)");
  const Result<HistoryStore> refused = HistoryStore::open(path_, "boot", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(count("PRAGMA user_version"), 2);
  EXPECT_EQ(count("SELECT count(*) FROM sqlite_master WHERE name = 'round'"), 0);
  change("DROP TABLE operation");
  HistoryStore store = open();
  EXPECT_EQ(store.ask({})->size(), 3U);
}

}  // namespace
}  // namespace memwatch::history
