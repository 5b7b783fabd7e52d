// What the shim does with its questions about failures when the collector says nothing: the program
// waits a few times, never for each of its calls. The collector is played by the test.
#include "preload/inject_failures.h"

#include <gtest/gtest.h>

#include <thread>

#include "preload/process_state.h"
#include "preload/processor.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

using protocol::SegmentHeader;

// Calls fail once the live heap would exceed a limit, so that each call has to be asked for.
class Questions : public testing::Test {
 protected:
  Questions() {
    protocol::Injection& wanted = header().injection;
    wanted.heap_bytes.store(kHeapLimit);
    wanted.flags.store(protocol::kInjectionBeforeMain);
    wanted.is_wanted.store(1);
    header().control.store(static_cast<std::uint32_t>(protocol::Control::exact));
    EXPECT_TRUE(begin_injection());
  }

  [[nodiscard]] SegmentHeader& header() const { return segment_.header(); }
  [[nodiscard]] std::uint32_t asked() const { return header().judge_number.load(); }

  [[gnu::noinline]] static bool does_call_fail() {
    return must_fail(Function::malloc_, kSize, MEMWATCH_CALL_SITE());
  }
  // The next question, answered once it is asked.
  void answer(std::uint64_t live_bytes) const {
    const std::uint32_t last = header().judge_answered.load();
    while (asked() == last) std::this_thread::yield();
    header().judge_live_bytes.store(live_bytes);
    header().judge_answered.store(last + 1);
  }

  static constexpr std::uint64_t kHeapLimit = 1000;
  static constexpr std::size_t kSize = 100;

 private:
  intake_testing::SegmentBuilder target_;
  const intake::Segment segment_ = target_.take();
  preload_testing::ShimInProcess shim_{segment_};
};

TEST_F(Questions, ACollectorThatDoesNotAnswerIsAskedThreeTimes) {
  for (int call = 0; call < 5; ++call) EXPECT_FALSE(does_call_fail());
  EXPECT_EQ(asked(), 3U);
  EXPECT_EQ(header().unjudged.load(), 5U) << "those that were not asked for are told as well";
  // A new process, a forked child say, asks for itself.
  EXPECT_TRUE(begin_injection());
  EXPECT_FALSE(does_call_fail());
  EXPECT_EQ(asked(), 4U);
}

TEST_F(Questions, OneThatAnswersIsAskedAsOftenAsThereIsSomethingToAsk) {
  constexpr int kCalls = 20;
  std::thread collector([&] {
    for (int i = 0; i < kCalls; ++i) answer(kHeapLimit);
  });
  for (int call = 0; call < kCalls; ++call) EXPECT_TRUE(does_call_fail());
  collector.join();
  EXPECT_EQ(asked(), std::uint32_t{kCalls});
  EXPECT_EQ(header().unjudged.load(), 0U);
}

}  // namespace
}  // namespace memwatch::preload
