// What is told of changes, and what becomes of those who do not read.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "tools/server/live_changes.h"
#include "tools/server/live_stream.h"

namespace memwatch::server {
namespace {

class Changes : public testing::Test {
 protected:
  Changes() {
    daemon::ProcessStatus process;
    process.pid = 7;
    process.rss = 100'000;
    process.live_bytes = 50'000;
    status_.processes.push_back(process);
  }
  std::vector<std::string> told() {
    std::vector<std::string> events;
    for (const LiveNews& news : changes_.update(status_)) {
      const auto json = nlohmann::json::parse(news.object);
      events.push_back(news.event + " " + std::to_string(json["pid"].get<int>()) +
                       (json.contains("state") ? " " + json["state"].get<std::string>() : ""));
    }
    return events;
  }
  using Events = std::vector<std::string>;
  daemon::Status status_;
  LiveChanges changes_;
};

TEST_F(Changes, ComingEndingAndOblivionAreTold) {
  EXPECT_EQ(told(), (Events{"process 7 running", "sample 7"}));
  EXPECT_EQ(told(), Events{});
  status_.processes[0].is_running = false;
  EXPECT_EQ(told(), Events{"process 7 ended"});
  EXPECT_EQ(told(), Events{});
  status_.processes.clear();
  EXPECT_EQ(told(), Events{"process 7 forgotten"});
  EXPECT_EQ(told(), Events{});
}

TEST_F(Changes, FiguresAreToldBeyondOnePercentOfWhatWasToldLast) {
  told();
  daemon::ProcessStatus& process = status_.processes[0];
  process.rss = 101'000;
  EXPECT_EQ(told(), Events{});
  process.rss = 101'001;  // slowly, but more than 1 % in all
  EXPECT_EQ(told(), Events{"sample 7"});
  process.rss = 100'000;
  EXPECT_EQ(told(), Events{});
  process.live_bytes -= 501;
  EXPECT_EQ(told(), Events{"sample 7"});
  ++process.totals.failed;
  EXPECT_EQ(told(), Events{"sample 7"});
  ++process.dropped;
  EXPECT_EQ(told(), Events{"sample 7"});
  EXPECT_TRUE(has_changed(0, 1));
  EXPECT_FALSE(has_changed(0, 0));
  EXPECT_TRUE(has_changed(~std::uint64_t{0}, 0));
}

TEST(BreakdownChanges, APartIsToldBeyondOnePercentOfTheWhole) {
  analysis::Breakdown before;
  before.rss = 100'000;
  before.heap = 60'000;
  before.untracked = 40'000;
  analysis::Breakdown now = before;
  const auto is_news = [&] { return has_changed(parts_of(before), parts_of(now), now.rss); };
  EXPECT_FALSE(is_news());
  now.heap += 1000;
  now.untracked -= 1000;
  EXPECT_FALSE(is_news()) << "just 1 %";
  now.heap += 1;
  now.untracked -= 1;
  EXPECT_TRUE(is_news()) << "up";
  now.heap = before.heap;
  EXPECT_TRUE(is_news()) << "down";
  now = before;
  now.stacks = 1001;  // of the whole, not of the part: that was none
  EXPECT_TRUE(is_news());
  now.stacks = 1000;
  EXPECT_FALSE(is_news());
}

TEST(BreakdownChanges, EveryPartOfTheSumIsLookedAt) {
  analysis::Breakdown whole;
  std::uint64_t bytes = 1;
  for (std::uint64_t* part :
       {&whole.heap, &whole.allocator_overhead, &whole.allocator_free, &whole.mapped, &whole.stacks,
        &whole.libraries, &whole.files, &whole.shared, &whole.memwatch, &whole.untracked}) {
    *part = bytes;
    whole.rss += bytes;
    bytes *= 2;
  }
  const BreakdownParts parts = parts_of(whole);
  EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::uint64_t{0}), whole.rss);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    BreakdownParts changed = parts;
    changed[i] += 1000;
    EXPECT_TRUE(has_changed(parts, changed, 99'999)) << i;
    EXPECT_TRUE(has_changed(changed, parts, 99'999)) << i;
    EXPECT_FALSE(has_changed(parts, changed, 100'000)) << i;
  }
}

TEST_F(Changes, ImagesOfOneProcessAreOneToTheReader) {
  daemon::ProcessStatus before = status_.processes[0];
  before.is_running = false;
  status_.processes.push_back(before);
  EXPECT_EQ(told(), (Events{"process 7 running", "sample 7"}));
  EXPECT_EQ(told(), Events{});
}

TEST_F(Changes, AnotherProgramOrAnotherSourceIsToldAnew) {
  told();
  status_.processes[0].name = "other";
  EXPECT_EQ(told(), Events{"process 7 running"});
  status_.processes[0].source = daemon::Source::polled;
  EXPECT_EQ(told(), Events{"process 7 running"});
  ++status_.processes[0].start_ticks;  // the number is used again
  EXPECT_EQ(told(), (Events{"process 7 running", "sample 7", "process 7 forgotten"}));
}

TEST_F(Changes, WhoKnowsNothingIsToldOfProcessesAndActiveAlerts) {
  daemon::ProcessStatus before = status_.processes[0];
  before.is_running = false;
  status_.processes.push_back(before);
  status_.alerts.active.emplace_back().id = 12;
  const std::vector<LiveNews> all = LiveChanges::everything(status_);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].event, "process");
  EXPECT_EQ(all[1].event, "sample");
  EXPECT_EQ(all[2].event, "alert");
  const auto alert = nlohmann::json::parse(all[2].object);
  EXPECT_EQ(alert["event"], "active");
  EXPECT_EQ(alert["alert"]["id"], 12);
}

TEST(LiveStreamTest, EveryReaderGetsEveryMessageInOrder) {
  LiveStream stream;
  EXPECT_FALSE(stream.has_readers());
  int woken = 0;
  const auto reader = stream.subscribe([&] { ++woken; });
  EXPECT_TRUE(stream.has_readers() && stream.has_new_readers());
  stream.publish({"sample", "{\"pid\": 1}"});
  EXPECT_EQ(reader->take(), nullptr) << "it has not been told everything yet";
  stream.welcome({{"sample", "{\"pid\": 2,\n \"name\": \"a\\nb\"}"}});
  EXPECT_FALSE(stream.has_new_readers());
  stream.publish({"process", "{\"pid\": 3}"});
  EXPECT_EQ(woken, 2);
  const SharedMessage first = reader->take(), second = reader->take();
  const auto json = nlohmann::json::parse(first->data);
  EXPECT_EQ(json["type"], "sample");
  EXPECT_EQ(json["id"], first->id);
  EXPECT_EQ(json["pid"], 2);
  EXPECT_EQ(json["name"], "a\nb");
  EXPECT_EQ(first->data.find('\n'), std::string::npos);
  EXPECT_EQ(second->event, "process");
  EXPECT_EQ(second->id, first->id + 1);
  EXPECT_EQ(reader->take(), nullptr);
}

TEST(LiveStreamTest, WhoDoesNotReadIsBehindAndTheOthersMissNothing) {
  LiveStream stream;
  const auto slow = stream.subscribe([] {});
  const auto quick = stream.subscribe([] {});
  stream.welcome({});
  for (std::size_t i = 0; i <= LiveReader::kMostMessages; ++i) {
    stream.publish({"sample", "{\"pid\": 1}"});
    EXPECT_NE(quick->take(), nullptr);
  }
  EXPECT_TRUE(slow->is_behind());
  EXPECT_EQ(slow->take(), nullptr) << "what it held is given back";
  EXPECT_FALSE(quick->is_behind());
  const std::string large(LiveReader::kMostBytes / 2, 'x');
  for (int i = 0; i < 3; ++i) stream.publish({"sample", "{\"text\": \"" + large + "\"}"});
  EXPECT_TRUE(quick->is_behind()) << "bytes count as well";
}

TEST(LiveStreamTest, WhatIsToldAtFirstMayBeLongerThanWhatMayWait) {
  LiveStream stream;
  const auto reader = stream.subscribe([] {});
  const std::vector<LiveNews> all(LiveReader::kMostMessages + 10, {"sample", "{\"pid\": 1}"});
  stream.welcome(all);
  for (std::size_t i = 0; i < LiveReader::kMostMessages; ++i) {
    stream.publish({"sample", "{\"pid\": 2}"});
  }
  EXPECT_FALSE(reader->is_behind());
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < all.size() + LiveReader::kMostMessages; ++i) {
    const SharedMessage message = reader->take();
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->id, last + 1);
    last = message->id;
  }
  EXPECT_EQ(reader->take(), nullptr);
  for (std::size_t i = 0; i < LiveReader::kMostMessages; ++i) {
    stream.publish({"sample", "{\"pid\": 3}"});
  }
  EXPECT_FALSE(reader->is_behind());
  stream.publish({"sample", "{\"pid\": 3}"});
  EXPECT_TRUE(reader->is_behind());
}

TEST(LiveStreamTest, ReadersAreBoundedAndThoseWhoGoMakeRoom) {
  LiveStream stream;
  std::vector<std::shared_ptr<LiveReader>> readers;
  while (!stream.is_full()) readers.push_back(stream.subscribe([] {}));
  EXPECT_EQ(readers.size(), LiveStream::kMostReaders);
  readers.pop_back();
  EXPECT_FALSE(stream.is_full());
  readers.clear();
  EXPECT_FALSE(stream.has_new_readers());
  EXPECT_FALSE(stream.has_readers());
}

}  // namespace
}  // namespace memwatch::server
