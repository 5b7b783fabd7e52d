// Alerts in the history's database: what was saved is what is found, and for how long.
#include <gtest/gtest.h>

#include "collector/history/history_store.h"
#include "collector/history/sqlite.h"
#include "tests/unit/temporary_directory.h"

namespace memwatch::history {
namespace {

constexpr std::int64_t kDay = 86'400'000;

alerts::Alert an_alert(std::uint64_t id, std::int64_t time_ms) {
  alerts::Alert alert;
  alert.id = id;
  alert.time_ms = time_ms;
  alert.type = alerts::Type::leak;
  alert.severity = alerts::Severity::critical;
  alert.subject = "growth";
  alert.process = {7, 42, "server"};
  alert.metrics = {{"bytes_per_second", 1234.5}, {"share", 1e-300}};
  alert.labels = {{"pattern", "leak"}};
  alert.site = {"load(char const*)", "a.cpp", "server", 13};
  alert.message = "it grows";
  alert.recommendations = {"look\tat it", "two\nlines"};
  alert.suppressed = 3;
  return alert;
}

class AlertTable : public testing::Test {
 protected:
  HistoryStore open(const std::string& boot = "boot") {
    Result<HistoryStore> store = HistoryStore::open(path_, boot, limits_);
    EXPECT_TRUE(store) << store.error().to_line();
    return *std::move(store);
  }
  static std::vector<KeptAlert> find(HistoryStore& store, const AlertQuestion& question = {}) {
    Result<std::vector<KeptAlert>> found = store.find_alerts(question);
    EXPECT_TRUE(found);
    return found ? *std::move(found) : std::vector<KeptAlert>{};
  }

  test_support::TemporaryDirectory directory_;
  std::string path_ = directory_.path("history.db");
  Limits limits_;
};

TEST_F(AlertTable, WhatWasSavedIsFoundAgainAfterARestart) {
  {
    HistoryStore store = open();
    ASSERT_TRUE(store.save({an_alert(5, 1000)}));
  }
  HistoryStore store = open("another boot");
  const auto found = find(store);
  ASSERT_EQ(found.size(), 1U);
  const alerts::Alert& alert = found[0].alert;
  const alerts::Alert saved = an_alert(5, 1000);
  EXPECT_FALSE(found[0].is_of_this_boot);
  EXPECT_EQ(alert.id, 5U);
  EXPECT_EQ(alert.time_ms, 1000);
  EXPECT_EQ(alert.type, saved.type);
  EXPECT_EQ(alert.severity, saved.severity);
  EXPECT_EQ(alert.process, saved.process);
  EXPECT_EQ(alert.metrics, saved.metrics);
  EXPECT_EQ(alert.labels, saved.labels);
  EXPECT_EQ(alert.site, saved.site);
  EXPECT_EQ(alert.message, saved.message);
  EXPECT_EQ(alert.recommendations, (std::vector<std::string>{"look at it", "two lines"}));
  EXPECT_EQ(alert.suppressed, 3U);
  EXPECT_FALSE(alert.is_resolved);
}

TEST_F(AlertTable, AnAlertIsReplacedByItsLaterState) {
  HistoryStore store = open();
  alerts::Alert alert = an_alert(1, 1000);
  ASSERT_TRUE(store.save({alert, an_alert(2, 2000)}));
  alert.is_resolved = true;
  alert.resolved_ms = 5000;
  alert.resolution = "by hand";
  ASSERT_TRUE(store.save({alert}));
  const auto active = find(store, {AlertState::active, 0, false, 10});
  const auto resolved = find(store, {AlertState::resolved, 0, false, 10});
  ASSERT_EQ(active.size(), 1U);
  EXPECT_EQ(active[0].alert.id, 2U);
  EXPECT_TRUE(active[0].is_of_this_boot);
  ASSERT_EQ(resolved.size(), 1U);
  EXPECT_EQ(resolved[0].alert.resolution, "by hand");
  EXPECT_EQ(resolved[0].alert.resolved_ms, 5000);
  EXPECT_EQ(find(store, {AlertState::all, 0, false, 1})[0].alert.id, 2U) << "the latest";
  EXPECT_TRUE(find(store, {AlertState::all, 3000, false, 10}).empty());
  EXPECT_EQ(find(store, {AlertState::all, 3000, true, 10}).size(), 1U);
}

TEST_F(AlertTable, ResolvedOnesAreDeletedAfterTheirTimeAndActiveOnesAreNot) {
  HistoryStore store = open();
  alerts::Alert resolved = an_alert(1, 10 * kDay);
  resolved.is_resolved = true;
  resolved.resolved_ms = 10 * kDay;
  ASSERT_TRUE(store.save({resolved, an_alert(2, 10 * kDay)}));
  ASSERT_TRUE(store.maintain(39 * kDay));
  EXPECT_EQ(find(store).size(), 2U);
  ASSERT_TRUE(store.maintain(41 * kDay));
  ASSERT_EQ(find(store).size(), 1U);
  EXPECT_EQ(find(store)[0].alert.id, 2U);
}

TEST_F(AlertTable, AFileOfBeforeThereWereAlertsGetsATableForThem) {
  {
    HistoryStore store = open();
    ProcessSample row;
    row.process = {7, 1, "server"};
    row.sample.time_ms = 1000;
    ASSERT_TRUE(store.append({row}));
  }
  sqlite3* opened = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &opened), SQLITE_OK);
  const Database database(opened);
  ASSERT_TRUE(execute(opened, "make it old",
                      "DROP TABLE alert; DROP TABLE round; DROP TABLE consumer; DROP TABLE site; "
                      "DROP TABLE operation; DROP TABLE clock; DROP TABLE clock_gap; "
                      "PRAGMA user_version = 1"));
  HistoryStore store = open();
  ASSERT_TRUE(store.save({an_alert(1, 1)}));
  EXPECT_EQ(find(store).size(), 1U);
  EXPECT_EQ(store.ask({})->size(), 1U);
}

}  // namespace
}  // namespace memwatch::history
