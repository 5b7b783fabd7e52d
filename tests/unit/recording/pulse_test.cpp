// Waits for what must happen, however long a busy machine takes; never for what must not.
#include "collector/recording/pulse.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

namespace memwatch::recording {
namespace {

using Clock = std::chrono::steady_clock;

template <typename Condition>
bool comes_true(Condition condition) {
  for (const auto end = Clock::now() + std::chrono::seconds(30); Clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

TEST(Pulse, AHeaderIsDatedAsSoonAsItIsAdded) {
  const auto header = std::make_unique<protocol::SegmentHeader>();
  Pulse pulse(Clock::now() - std::chrono::seconds(5));
  pulse.add(header.get());
  EXPECT_GE(header->epoch.load(), 5000U);
  EXPECT_GT(header->heartbeat_ms.load(), 0U);
  pulse.remove(header.get());
}

TEST(Pulse, BeatsForEveryHeader) {
  const auto one = std::make_unique<protocol::SegmentHeader>();
  const auto two = std::make_unique<protocol::SegmentHeader>();
  Pulse pulse(Clock::now());
  pulse.add(one.get());
  pulse.add(two.get());
  const std::uint64_t before_one = one->heartbeat_ms.load();
  const std::uint64_t before_two = two->heartbeat_ms.load();
  EXPECT_TRUE(comes_true([&] {
    return one->heartbeat_ms.load() > before_one + 3 && two->heartbeat_ms.load() > before_two + 3 &&
           one->epoch.load() > 3;
  }));
}

TEST(Pulse, ARemovedHeaderIsLeftAlone) {
  auto gone = std::make_unique<protocol::SegmentHeader>();
  const auto stays = std::make_unique<protocol::SegmentHeader>();
  Pulse pulse(Clock::now());
  pulse.add(gone.get());
  pulse.add(stays.get());
  pulse.remove(gone.get());
  gone.reset();  // the address sanitizer would see a late beat
  const std::uint64_t before = stays->heartbeat_ms.load();
  EXPECT_TRUE(comes_true([&] { return stays->heartbeat_ms.load() > before + 5; }));
}

TEST(Pulse, TheIntakeBeatsItself) {
  const auto header = std::make_unique<protocol::SegmentHeader>();
  Pulse pulse(Clock::now() - std::chrono::seconds(5));
  pulse.add(header.get());
  pulse.intake_beats(std::chrono::hours(1));  // so the pulse's own thread sleeps on
  header->epoch = 0;
  pulse.intake_beats(std::chrono::hours(1));
  EXPECT_GE(header->epoch.load(), 5000U);
}

TEST(Pulse, EndsPromptlyWithAndWithoutHeaders) {
  const auto header = std::make_unique<protocol::SegmentHeader>();
  for (int i = 0; i < 20; ++i) {
    Pulse pulse(Clock::now());
    if (i % 2 == 0) pulse.add(header.get());
    pulse.intake_beats(std::chrono::milliseconds(1));
  }
  const std::uint64_t last = header->heartbeat_ms.load();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(header->heartbeat_ms.load(), last);
}

}  // namespace
}  // namespace memwatch::recording
