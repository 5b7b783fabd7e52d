// When somebody is told: each type of alert, its end, and what holds it back. Time is played.
#include "collector/alerts/engine.h"

#include <gtest/gtest.h>

#include <functional>

namespace memwatch::alerts {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;

class AlertEngine : public testing::Test {
 protected:
  using Kind = Notice::Kind;

  AlertEngine() {
    seen_.process = {7, 1, "server"};
    seen_.rss = 50 * kMiB;
    seen_.heap = 20 * kMiB;
    seen_.watched_for = 1000;
    rules_.hold = 5;
  }

  // A second after another, as the daemon does; `change` alters what is seen.
  void play(double seconds, const std::function<void(double)>& change = {}) {
    for (double at = 0; at < seconds; ++at) {
      now_.steady += 1;
      now_.wall_ms += 1000;
      if (change) change(at);
      if (is_there_) engine_.observe(seen_, rules_, now_);
      if (group_.limit != 0 || group_.stall) engine_.observe(group_, rules_, now_);
      engine_.end_round(now_);
      for (Notice& notice : engine_.take_notices()) notices_.push_back(std::move(notice));
    }
  }
  void happens(Type type, std::uint64_t size = 2048 * kMiB) {
    Incident incident;
    incident.type = type;
    incident.process = seen_.process;
    incident.function = "malloc";
    incident.size = size;
    incident.error_number = type == Type::failure ? 12 : 0;
    incident.error_name = "ENOMEM";
    engine_.happened(incident, rules_, now_);
    for (Notice& notice : engine_.take_notices()) notices_.push_back(std::move(notice));
  }
  [[nodiscard]] std::vector<Kind> kinds() const {
    std::vector<Kind> all;
    for (const Notice& notice : notices_) all.push_back(notice.kind);
    return all;
  }
  [[nodiscard]] const Alert& last() const { return notices_.back().alert; }

  Engine engine_;
  Observation seen_;
  PressureObservation group_;
  Rules rules_;
  Moment now_{1000, 1'700'000'000'000};
  bool is_there_ = true;
  std::vector<Notice> notices_;
};

TEST_F(AlertEngine, NothingIsSaidOfAProcessThatIsWell) {
  rules_.rss = 100 * kMiB;
  rules_.growth_per_minute = kMiB;
  group_ = {"/g", seen_.process, 10, 100, 0.0};
  play(300);
  EXPECT_TRUE(notices_.empty());
}

TEST_F(AlertEngine, AThresholdIsToldWhenItHasHeldAndEndsWhenItIsClearlyBelow) {
  rules_.rss = 100 * kMiB;
  play(4, [&](double) { seen_.rss = 120 * kMiB; });
  play(3, [&](double) { seen_.rss = 50 * kMiB; });
  EXPECT_TRUE(notices_.empty()) << "it did not hold";
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().type, Type::threshold);
  EXPECT_EQ(last().subject, "rss");
  EXPECT_EQ(last().id, 1U);
  EXPECT_EQ(last().process, seen_.process);
  EXPECT_EQ(last().severity, Severity::warning);
  EXPECT_EQ(last().metric("value"), 120.0 * kMiB);
  EXPECT_EQ(last().metric("threshold"), 100.0 * kMiB);
  EXPECT_EQ(last().metric("external"), 100.0 * kMiB);
  // It trembles around the level, and is below it for short: one alert.
  play(600, [&](double at) { seen_.rss = (static_cast<int>(at) % 8 < 4 ? 80 : 101) * kMiB; });
  play(600, [&](double) { seen_.rss = 95 * kMiB; });
  EXPECT_EQ(notices_.size(), 1U);
  play(20, [&](double) { seen_.rss = 80 * kMiB; });
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_TRUE(last().is_resolved);
  EXPECT_EQ(last().resolution, "it is below the level again");
  EXPECT_TRUE(engine_.open().empty());
}

TEST_F(AlertEngine, EveryThresholdIsLookedAt) {
  rules_.heap = 10 * kMiB;
  rules_.external = 20 * kMiB;
  rules_.external_ratio = 0.5;
  play(10);
  std::vector<std::string> subjects;
  for (const Notice& notice : notices_) subjects.push_back(notice.alert.subject);
  EXPECT_EQ(subjects, (std::vector<std::string>{"heap", "external", "external_ratio"}));
  EXPECT_NEAR(notices_[2].alert.metric("value"), 0.6, 1e-9);
  // Without a heap that is followed there is no external memory.
  engine_ = Engine();
  notices_.clear();
  seen_.heap.reset();
  play(10);
  EXPECT_TRUE(notices_.empty());
}

TEST_F(AlertEngine, GrowthPerMinuteIsTheSlopeOfTheLastMinute) {
  rules_.growth_per_minute = 6 * kMiB;
  play(120, [&](double) { *seen_.heap += kMiB / 12; });  // 5 MiB a minute
  EXPECT_TRUE(notices_.empty());
  play(120, [&](double) { *seen_.heap += kMiB / 7; });  // 8.6
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().subject, "growth_per_minute");
  EXPECT_GT(last().metric("value"), 6.0 * kMiB);
  play(120);
  EXPECT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
}

TEST_F(AlertEngine, WhatGetsMuchWorseIsToldOnceMore) {
  rules_.rss = 100 * kMiB;
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  play(60, [&](double) { seen_.rss = 160 * kMiB; });
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::escalated}));
  EXPECT_EQ(last().severity, Severity::critical);
  EXPECT_EQ(last().id, 1U);
}

TEST_F(AlertEngine, GrowthIsToldFromTheConfidenceOn) {
  Growth growth;
  growth.pattern = "leak";
  growth.sites = 1;
  growth.bytes_per_second = 4096;
  growth.severity = "medium";
  growth.confidence = 69;
  seen_.growth = growth;
  play(300);
  EXPECT_TRUE(notices_.empty());
  seen_.growth->confidence = 70;
  play(30);
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().type, Type::leak);
  EXPECT_EQ(last().label("pattern"), "leak");
  EXPECT_EQ(last().metric("confidence"), 70);
  play(300, [&](double) { seen_.growth->confidence = 60; });  // unsure is not over
  play(30, [&](double) { seen_.growth->pattern = "stable"; });
  EXPECT_EQ(notices_.size(), 1U);
  play(30);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_EQ(last().resolution, "it no longer grows");
}

TEST_F(AlertEngine, GrowthIsNotOverWhileTheHeapGrowsOn) {
  Growth growth;
  growth.pattern = "leak";
  growth.sites = 1;
  growth.bytes_per_second = 10 * 1024;
  growth.severity = "medium";
  growth.confidence = 80;
  seen_.growth = growth;
  play(10, [&](double) { *seen_.heap += 10 * 1024; });
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  seen_.growth->confidence = 30;  // few samples
  play(300, [&](double) { *seen_.heap += 6 * 1024; });
  seen_.growth->pattern = "stable";
  play(60, [&](double) { *seen_.heap += 6 * 1024; });
  EXPECT_EQ(notices_.size(), 1U);
  play(300);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
}

TEST_F(AlertEngine, GrowthWithoutASiteOrOfAYoungProcessIsNotTold) {
  Growth growth;
  growth.pattern = "linear";
  growth.confidence = 99;
  growth.severity = "high";
  seen_.growth = growth;
  play(100);
  seen_.growth->sites = 1;
  seen_.watched_for = 30;
  play(100);
  EXPECT_TRUE(notices_.empty());
  seen_.watched_for = 61;
  play(10);
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().type, Type::pattern);
}

TEST_F(AlertEngine, ASpikeIsToldAtOnceAndItsEndToo) {
  play(60);
  play(10, [&](double) { *seen_.heap = 300 * kMiB; });
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().type, Type::spike);
  EXPECT_EQ(last().metric("before"), 20.0 * kMiB);
  EXPECT_EQ(last().metric("most"), 300.0 * kMiB);
  play(10, [&](double) { *seen_.heap = 25 * kMiB; });
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_EQ(last().resolution, "it is gone again");
}

TEST_F(AlertEngine, ASpikeThatStaysIsAStep) {
  play(60);
  play(80, [&](double) { *seen_.heap = 300 * kMiB; });
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_EQ(last().resolution, "it has stayed");
  play(100);
  EXPECT_EQ(notices_.size(), 2U);
}

TEST_F(AlertEngine, ARiseThatIsSmallOrSlowIsNoSpike) {
  play(60);
  play(60, [&](double) { *seen_.heap = 70 * kMiB; });  // 50 MiB more
  play(60, [&](double) { *seen_.heap += 5 * kMiB; });
  EXPECT_TRUE(notices_.empty());
}

TEST_F(AlertEngine, PressureIsOfTheGroupAndNotOfEachProcess) {
  group_ = {"/sys/fs/cgroup/x", seen_.process, 70, 100, std::nullopt};
  play(60);
  EXPECT_TRUE(notices_.empty());
  group_.used = 85;
  play(10);
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().type, Type::pressure);
  EXPECT_EQ(last().process, seen_.process);
  EXPECT_EQ(last().label("cgroup"), "/sys/fs/cgroup/x");
  group_.largest = {8, 1, "other"};
  group_.used = 96;
  play(10);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::escalated}));
  group_.used = 77;
  play(60);
  EXPECT_EQ(notices_.size(), 2U) << "not clearly below";
  group_.used = 70;
  play(20);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::escalated, Kind::resolved}));
  EXPECT_EQ(last().process, seen_.process);
}

TEST_F(AlertEngine, WaitingForMemoryIsPressureToo) {
  group_ = {"machine", seen_.process, 0, 0, 30.0};
  play(10);
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().label("limit"), "stall");
  EXPECT_EQ(last().metric("stall_percent"), 30);
  group_.stall = 5;
  play(20);
  EXPECT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
}

TEST_F(AlertEngine, AGroupThatNobodyIsInAnyMoreIsOver) {
  group_ = {"/g", seen_.process, 90, 100, std::nullopt};
  play(10);
  group_.limit = 0;
  play(20);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_EQ(last().resolution, "no watched process is in it any more");
}

TEST_F(AlertEngine, EventsAreToldOnceACoolDownAndTheRestIsCounted) {
  happens(Type::large);
  happens(Type::failure);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::raised}));
  EXPECT_EQ(notices_[0].alert.type, Type::large);
  EXPECT_EQ(notices_[0].alert.label("function"), "malloc");
  EXPECT_EQ(notices_[1].alert.severity, Severity::critical);
  EXPECT_EQ(notices_[1].alert.label("errno"), "ENOMEM");
  play(100);
  for (int i = 0; i < 5; ++i) happens(Type::large);
  for (int i = 0; i < 3; ++i) happens(Type::failure);
  EXPECT_EQ(notices_.size(), 2U);
  EXPECT_EQ(engine_.open().at(1).suppressed, 5U);
  EXPECT_EQ(engine_.open().at(2).suppressed, 3U);
  EXPECT_EQ(engine_.limiter().suppressed_in_all(), 8U);
  play(201);  // five minutes after the first failure, not after the last one
  happens(Type::failure);
  ASSERT_EQ(notices_.size(), 4U);
  EXPECT_EQ(notices_[2].alert.resolution, "another one followed");
  EXPECT_EQ(notices_[2].alert.suppressed, 3U);
  EXPECT_EQ(last().id, 3U);
  notices_.clear();
  play(700);
  ASSERT_EQ(kinds(), (std::vector{Kind::resolved, Kind::resolved}));
  EXPECT_EQ(notices_[0].alert.resolution, "it has not happened again");
}

TEST_F(AlertEngine, AFailureThatRepeatsUnseenIsCountedByTheProcess) {
  seen_.failed = 3;
  play(2);
  happens(Type::failure);
  seen_.failed = 4;
  play(2);
  EXPECT_EQ(engine_.open().at(1).suppressed, 0U);
  play(200);
  seen_.failed = 14;
  play(1);
  EXPECT_EQ(engine_.open().at(1).suppressed, 10U);
  play(200);  // 400 s after the alert, but 200 s after the last one
  EXPECT_EQ(engine_.open().size(), 1U);
  play(101);
  EXPECT_TRUE(engine_.open().empty());
}

TEST_F(AlertEngine, EachEventOfALargeBlockIsToldAndSwitchedByItself) {
  Incident incident;
  incident.process = seen_.process;
  for (const char* event : {"allocation", "reallocation", "release"}) {
    incident.event = event;
    engine_.happened(incident, rules_, now_);
  }
  EXPECT_EQ(engine_.open().size(), 2U) << "releases are not told unless they are asked for";
  rules_.large_release = true;
  engine_.happened(incident, rules_, now_);
  EXPECT_EQ(engine_.open().at(3).subject, "large release");
  EXPECT_EQ(engine_.open().at(3).severity, Severity::info);
}

TEST_F(AlertEngine, FailuresBeforeTheFirstLookAreCounted) {
  happens(Type::failure);
  seen_.failed = 4;
  play(1);
  EXPECT_EQ(engine_.open().at(1).suppressed, 3U);
}

TEST_F(AlertEngine, WhatIsSwitchedOffIsNeitherToldNorCounted) {
  rules_.enabled = {};
  rules_.rss = kMiB;
  group_ = {"/g", seen_.process, 99, 100, 99.0};
  play(60);
  *seen_.heap *= 100;
  happens(Type::large);
  happens(Type::failure);
  play(60);
  EXPECT_TRUE(notices_.empty());
  EXPECT_EQ(engine_.limiter().suppressed_in_all(), 0U);
}

TEST_F(AlertEngine, BeyondTheLimitAnHourConditionsAreToldWhenThereIsRoomAgain) {
  engine_.set_per_hour(2);
  happens(Type::large);
  happens(Type::failure);
  rules_.rss = 10 * kMiB;
  play(600);
  EXPECT_EQ(engine_.limiter().suppressed_in_all(), 1U) << "counted once, not each second";
  ASSERT_EQ(engine_.limiter().suppressed().size(), 1U);
  EXPECT_EQ(engine_.limiter().suppressed()[0].why, Held::hourly);
  notices_.clear();
  play(2990);
  EXPECT_TRUE(notices_.empty());
  play(20);
  ASSERT_EQ(kinds(), std::vector{Kind::raised});
  EXPECT_EQ(last().subject, "rss");
}

TEST_F(AlertEngine, AConditionThatComesBackWithinItsCoolDownIsCountedAndToldAfterIt) {
  rules_.rss = 100 * kMiB;
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  play(20, [&](double) { seen_.rss = 50 * kMiB; });
  ASSERT_EQ(notices_.size(), 2U);
  play(500, [&](double) { seen_.rss = 120 * kMiB; });
  EXPECT_EQ(notices_.size(), 2U);
  EXPECT_EQ(engine_.limiter().suppressed_in_all(), 1U);
  play(100);
  EXPECT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved, Kind::raised}));
}

TEST_F(AlertEngine, OneThatIsResolvedByHandIsQuietUntilItHasEnded) {
  rules_.rss = 100 * kMiB;
  rules_.cooldown = {};
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  ASSERT_TRUE(engine_.resolve(1, "by hand", now_));
  play(1000);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_EQ(last().resolution, "by hand");
  play(20, [&](double) { seen_.rss = 50 * kMiB; });
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  EXPECT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved, Kind::raised}));
  const Result<void> again = engine_.resolve(1, "by hand", now_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::usage);
  EXPECT_FALSE(engine_.resolve(0, "by hand", now_));
}

TEST_F(AlertEngine, WhatTheProcessLeavesBehindIsResolvedWithTheReason) {
  rules_.rss = 10 * kMiB;
  play(10);
  happens(Type::failure);
  engine_.gone(seen_.process, "the process was killed by signal 9", now_);
  notices_.clear();
  is_there_ = false;
  play(1);
  ASSERT_EQ(kinds(), (std::vector{Kind::resolved, Kind::resolved}));
  EXPECT_EQ(last().resolution, "the process was killed by signal 9");
}

TEST_F(AlertEngine, AProcessThatIsNoLongerSeenIsGone) {
  rules_.rss = 10 * kMiB;
  play(10);
  is_there_ = false;
  play(14);
  EXPECT_EQ(notices_.size(), 1U);
  play(2);
  ASSERT_EQ(notices_.size(), 2U);
  EXPECT_EQ(last().resolution, "it is no longer watched");
}

TEST_F(AlertEngine, ANewConfigurationEndsWhatItLeavesOut) {
  rules_.rss = 10 * kMiB;
  play(10);
  rules_.rss.reset();
  play(1);
  ASSERT_EQ(kinds(), (std::vector{Kind::raised, Kind::resolved}));
  EXPECT_EQ(last().resolution, "it is no longer looked at");
}

TEST_F(AlertEngine, AClockThatIsSetMovesNothing) {
  rules_.rss = 100 * kMiB;
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  now_.wall_ms += 400LL * 86'400'000;
  play(60);
  now_.wall_ms -= 800LL * 86'400'000;
  happens(Type::large);
  happens(Type::large);
  play(60);
  EXPECT_EQ(kinds(), (std::vector{Kind::raised, Kind::raised}));
  EXPECT_EQ(engine_.open().at(2).suppressed, 1U);
  play(20, [&](double) { seen_.rss = 50 * kMiB; });
  EXPECT_EQ(notices_.size(), 3U);
}

TEST_F(AlertEngine, AlertsOfBeforeTheRestartGoOn) {
  rules_.rss = 100 * kMiB;
  play(10, [&](double) { seen_.rss = 120 * kMiB; });
  happens(Type::large);
  std::vector<Alert> kept;
  for (const Notice& notice : notices_) kept.push_back(notice.alert);
  engine_ = Engine();
  notices_.clear();
  now_.steady = 5;  // another boot of the daemon, another clock
  for (const Alert& alert : kept) engine_.restore(alert, 30, now_);
  play(30);
  EXPECT_TRUE(notices_.empty());
  EXPECT_EQ(engine_.open().size(), 2U);
  happens(Type::large);
  EXPECT_EQ(engine_.open().at(2).suppressed, 1U) << "its cool-down goes on";
  happens(Type::failure);
  EXPECT_EQ(last().id, 3U);
  notices_.clear();
  play(20, [&](double) { seen_.rss = 50 * kMiB; });
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_EQ(last().id, 1U);
}

TEST_F(AlertEngine, SentencesAreAddedToOpenAlerts) {
  happens(Type::large);
  Alert told = last();
  told.message = "a large allocation";
  told.site.function = "load";
  EXPECT_TRUE(engine_.update(told));
  EXPECT_EQ(engine_.open().at(1).site.function, "load");
  ASSERT_TRUE(engine_.resolve(1, "by hand", now_));
  EXPECT_EQ(engine_.take_notices().back().alert.message, "a large allocation");
  EXPECT_FALSE(engine_.update(told));
}

}  // namespace
}  // namespace memwatch::alerts
