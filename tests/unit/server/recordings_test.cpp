// Sessions as the REST interface tells of them: numbers, figures, history, and files that change
// while they are served.
#include "tools/server/recordings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "tests/unit/render/sample_sessions.h"
#include "tests/unit/temporary_directory.h"
#include "tools/server/recording_server.h"

namespace memwatch::server {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

class RecordingsTest : public ::testing::Test {
 protected:
  // The file's bytes tell files apart; what is read of them is in `sessions_`.
  std::string write(const std::string& name, model::Session session) {
    const std::string path = directory_.path(name);
    std::ofstream(path, std::ios::app) << "x";
    sessions_.insert_or_assign(path, std::move(session));
    return path;
  }
  std::vector<daemon::ProcessStatus> processes() {
    daemon::Status status;
    status.now = 2e9;
    recordings_.describe(&status);
    remarks_ = status.recordings->remarks;
    return status.processes;
  }
  pid_t number_of(std::uint32_t pid) {
    for (const daemon::ProcessStatus& process : processes()) {
      if (process.recording->pid == pid) return process.pid;
    }
    return 0;
  }
  static model::Session begun_at(model::Session session, double time) {
    session.started_at = time;
    return session;
  }

  test_support::TemporaryDirectory directory_;
  std::map<std::string, Result<model::Session>> sessions_;
  std::vector<std::string> warnings_of_reader_, warned_, remarks_;
  Recordings recordings_{[this](const std::string& path) -> Result<Recordings::Loaded> {
                           const Result<model::Session>& found = sessions_.at(path);
                           if (!found) return found.error();
                           return Recordings::Loaded{*found, warnings_of_reader_};
                         },
                         [this](const std::string& sentence) { warned_.push_back(sentence); }};
};

TEST_F(RecordingsTest, ProcessesHaveNumbersThatNoPidHas) {
  ASSERT_TRUE(recordings_.open(write("tree.mw", memwatch::testing::tree_session())));
  ASSERT_TRUE(recordings_.open(write("server.mw", memwatch::testing::server_session())));
  std::vector<pid_t> numbers;
  for (const daemon::ProcessStatus& process : processes()) numbers.push_back(process.pid);
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, (std::vector<pid_t>{kFirstRecordingNumber, kFirstRecordingNumber + 1,
                                         kFirstRecordingNumber + 2, kFirstRecordingNumber + 3,
                                         kFirstRecordingNumber + 4}));
  EXPECT_GT(kFirstRecordingNumber, 1 << 22);
  EXPECT_EQ(number_of(4242), kFirstRecordingNumber + 4) << "in the order of files";
  EXPECT_EQ(recordings_.sessions(), 2U);
}

TEST_F(RecordingsTest, TheStateAtTheEndIsTold) {
  ASSERT_TRUE(recordings_.open(
      write("server.mw", begun_at(memwatch::testing::server_session(), 1'900'000'000))));
  const daemon::ProcessStatus server = processes().at(0);
  EXPECT_EQ(server.name, "server");
  EXPECT_FALSE(server.is_running);
  EXPECT_EQ(server.source, daemon::Source::recorded);
  EXPECT_EQ(server.live_bytes, 3 * kMiB);
  EXPECT_EQ(server.peak_bytes, 24 * kMiB);
  EXPECT_EQ(server.rss, 12 * kMiB);
  EXPECT_EQ(server.rss_peak, 32 * kMiB);
  EXPECT_DOUBLE_EQ(server.watched_for, 10);
  EXPECT_DOUBLE_EQ(server.ended_ago, 1e8 - 10);
  ASSERT_TRUE(server.recording);
  EXPECT_EQ(server.recording->file, directory_.path("server.mw"));
  EXPECT_EQ(server.recording->pid, 4242U);
  EXPECT_DOUBLE_EQ(server.recording->started_at, 1'900'000'000);
  EXPECT_DOUBLE_EQ(server.recording->peak_at, 1'900'000'008.2);
  EXPECT_EQ(server.recording->leak_method, "lifetime");
  EXPECT_EQ(server.recording->leaked_bytes, 3 * kMiB);
  EXPECT_TRUE(server.recording->is_complete);

  daemon::Status status;
  status.now = 2e9;
  recordings_.describe(&status);
  ASSERT_EQ(status.events.size(), 2U);
  EXPECT_EQ(status.events_seen, 2U);
  EXPECT_EQ(status.events[0].kind, daemon::Event::Kind::large) << "the latest first";
  EXPECT_DOUBLE_EQ(status.now - status.events[0].age, 1'900'000'002);
  EXPECT_EQ(status.events[0].id, 2U);
  EXPECT_EQ(status.events[1].error_number, ENOMEM);
  EXPECT_EQ(status.events[1].pid, server.pid);
}

TEST_F(RecordingsTest, ALeakCheckThatDidNotSeeEverythingIsToldSo) {
  model::Session session = begun_at(memwatch::testing::server_session(), 1'900'000'000);
  session.processes[0].leak_check.method = model::LeakMethod::reachability;
  ASSERT_TRUE(recordings_.open(write("seen.mw", session)));
  session.processes[0].leak_check.reason = "its threads ran on";
  ASSERT_TRUE(recordings_.open(write("doubtful.mw", session)));
  EXPECT_TRUE(processes().at(0).recording->leaks_all_seen);
  EXPECT_FALSE(processes().at(1).recording->leaks_all_seen);
}

TEST_F(RecordingsTest, ASessionOfOneProcessIsThatProcessAndNoOther) {
  const model::Session tree = memwatch::testing::tree_session();
  ASSERT_TRUE(recordings_.open(write("tree.mw", tree)));
  for (std::size_t i = 0; i < tree.processes.size(); ++i) {
    const auto session = recordings_.session_of(kFirstRecordingNumber + static_cast<pid_t>(i));
    ASSERT_TRUE(session);
    ASSERT_EQ(session->processes.size(), 1U);
    EXPECT_EQ(session->processes[0].exe, tree.processes[i].exe);
    EXPECT_EQ(session->processes[0].sites.size(), tree.processes[i].sites.size());
    EXPECT_EQ(session->stacks.size(), tree.stacks.size());
    EXPECT_EQ(session->command, tree.command);
  }
  for (const pid_t unknown : {1, 100, 4242, kFirstRecordingNumber - 1, kFirstRecordingNumber + 4}) {
    const auto session = recordings_.session_of(unknown);
    ASSERT_FALSE(session) << unknown;
    EXPECT_EQ(session.error().kind, ErrorKind::not_found);
  }
}

TEST_F(RecordingsTest, HistoryCountsBackFromTheEndOfEachProcess) {
  ASSERT_TRUE(recordings_.open(
      write("server.mw", begun_at(memwatch::testing::server_session(), 1'000'000))));
  const std::int64_t now = 2'000'000'000'000;  // years later
  history::Question question;
  const auto all = recordings_.samples(question, now);
  ASSERT_EQ(all.size(), 11U);
  EXPECT_EQ(all[0].sample.time_ms, 1'000'000'000);
  EXPECT_EQ(all[10].sample.time_ms, 1'000'010'000);
  EXPECT_EQ(all[8].sample.live, 24 * kMiB);
  EXPECT_EQ(all[8].sample.rss, 32 * kMiB);
  EXPECT_EQ(all[8].sample.allocations, 800U);
  EXPECT_EQ(all[8].sample.span_ms, 1000);
  question.since_ms = now - 3000;
  EXPECT_EQ(recordings_.samples(question, now).size(), 4U) << "the last three seconds of it";
  question.count = 2;
  EXPECT_EQ(recordings_.samples(question, now).back().sample.time_ms, 1'000'010'000);
  EXPECT_EQ(recordings_.samples(question, now).size(), 2U);
  question.pid = 4242;  // somebody's by now
  EXPECT_TRUE(recordings_.samples(question, now).empty());
  question.pid = kFirstRecordingNumber;
  question.name = "server";
  EXPECT_EQ(recordings_.samples(question, now).size(), 2U);
  question.name = "other";
  EXPECT_TRUE(recordings_.samples(question, now).empty());
}

TEST_F(RecordingsTest, AFileThatGrowsKeepsItsNumbers) {
  model::Session session = memwatch::testing::tree_session();
  session.complete = false;
  warnings_of_reader_ = {"it was cut short"};
  model::Session first = session;
  first.processes.pop_back();
  write("tree.mw", first);
  ASSERT_TRUE(recordings_.open(directory_.path("tree.mw")));
  const pid_t killed = number_of(102);
  recordings_.look();
  EXPECT_EQ(processes()[0].recording->times_read, 1U) << "it has not changed";
  write("tree.mw", session);
  recordings_.look();
  EXPECT_EQ(processes().size(), 4U);
  EXPECT_EQ(number_of(102), killed);
  EXPECT_EQ(processes()[0].recording->times_read, 2U);
  EXPECT_EQ(warned_.size(), 1U) << "that it was cut short, once";
  EXPECT_TRUE(remarks_.empty());
}

TEST_F(RecordingsTest, AnotherRecordingInItsPlaceHasOtherNumbers) {
  write("a.mw", begun_at(memwatch::testing::server_session(), 1000));
  ASSERT_TRUE(recordings_.open(directory_.path("a.mw")));
  const pid_t before = number_of(4242);
  write("a.mw", begun_at(memwatch::testing::server_session(), 2000));
  recordings_.look();
  EXPECT_NE(number_of(4242), before);
  EXPECT_FALSE(recordings_.session_of(before));
  ASSERT_EQ(warned_.size(), 1U);
  EXPECT_NE(warned_[0].find("another recording"), std::string::npos);
}

TEST_F(RecordingsTest, WhatWasReadStaysWhenItsFileIsGoneOrDamaged) {
  const std::string path = write("a.mw", memwatch::testing::server_session());
  ASSERT_TRUE(recordings_.open(path));
  const pid_t number = number_of(4242);
  std::filesystem::rename(path, directory_.path("aside"));
  recordings_.look();
  recordings_.look();
  EXPECT_EQ(warned_.size(), 1U) << "told once";
  EXPECT_EQ(processes().size(), 1U);
  ASSERT_EQ(remarks_.size(), 1U);
  EXPECT_NE(remarks_[0].find("it was deleted"), std::string::npos);
  EXPECT_TRUE(recordings_.session_of(number));

  std::filesystem::rename(directory_.path("aside"), path);
  recordings_.look();
  processes();
  EXPECT_TRUE(remarks_.empty()) << "it is back";

  sessions_.insert_or_assign(path, Error{ErrorKind::damaged, "read", path, "no session", {}});
  std::ofstream(path, std::ios::app) << "x";
  recordings_.look();
  EXPECT_TRUE(recordings_.session_of(number));
  processes();
  ASSERT_EQ(remarks_.size(), 1U);
  EXPECT_NE(remarks_[0].find("no session"), std::string::npos);
  write("a.mw", memwatch::testing::server_session());
  recordings_.look();
  EXPECT_EQ(number_of(4242), number) << "the same recording again";
  EXPECT_TRUE(remarks_.empty());
}

TEST_F(RecordingsTest, AFileIsOpenedOnceAndOneThatCannotBeReadNotAtAll) {
  const std::string path = write("a.mw", memwatch::testing::server_session());
  ASSERT_TRUE(recordings_.open(path));
  ASSERT_TRUE(recordings_.open(directory_.path("./a.mw")));
  EXPECT_EQ(recordings_.sessions(), 1U);
  const auto missing = recordings_.open(directory_.path("none.mw"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(recordings_.sessions(), 1U);
}

TEST_F(RecordingsTest, TimesThatMakeNoSenseDoNoHarm) {
  model::Session session = memwatch::testing::server_session();
  session.started_at = 1e300;
  session.processes[0].timeline[3].at = std::numeric_limits<double>::quiet_NaN();
  session.processes[0].timeline[4].at = -std::numeric_limits<double>::infinity();
  ASSERT_TRUE(recordings_.open(write("odd.mw", session)));
  EXPECT_EQ(processes().size(), 1U);
  for (const auto& row : recordings_.samples({}, 0)) EXPECT_GE(row.sample.span_ms, 0);
}

TEST(RefusalsTest, WhatNeedsARunningProcessIsAConflictAndTheRestIsAsked) {
  for (const char* path : {"/api/v1/breakdown?pid=100000001", "/api/v1/stream", "/api/v1/ws",
                           "/metrics", "/debug/pprof/heap?pid=100000001&seconds=5"}) {
    const auto refused = refusal_of_recordings({"GET", path});
    ASSERT_TRUE(refused) << path;
    EXPECT_EQ(refused->status, 409) << path;
    EXPECT_EQ(refused->content_type, "application/problem+json");
    EXPECT_NE(refused->body.find("\"title\": \"Conflict\""), std::string::npos) << refused->body;
  }
  for (const char* path : {"/", "/api/v1/status", "/api/v1/growth?pid=1", "/api/v1/breakdown/x",
                           "/debug/pprof/heap?pid=1", "//", "/api/v1/history?seconds=5"}) {
    EXPECT_FALSE(refusal_of_recordings({"GET", path})) << path;
  }
}

}  // namespace
}  // namespace memwatch::server
