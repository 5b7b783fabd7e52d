// Many threads note events while the collector reads them: what it takes for whole is whole. Fences
// order this, which GCC's thread sanitizer does not see, so it is for real threads on real memory.
#include "preload/flight_recorder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "collector/intake/flight_reader.h"
#include "collector/intake/tracked_process.h"
#include "tests/unit/intake/segment_builder.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::preload {
namespace {

TEST(FlightRecorder, AnEventThatIsReadWhileOthersAreWrittenIsWhole) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "it is fences that order this";
#endif
  intake_testing::SegmentBuilder target;
  const intake::Segment segment = target.take();
  preload_testing::ShimInProcess shim(segment);
  constexpr unsigned kThreads = 3, kEvents = 60'000;
  std::atomic<unsigned> running{kThreads};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&running, t] {
      for (std::uint64_t i = 1; i <= kEvents; ++i) {
        const std::uint64_t size = i * kThreads + t;
        record_flight(Function::malloc_, size * 16, size, 0, 0, static_cast<std::uint32_t>(size));
      }
      --running;
    });
  }
  std::uint64_t read = 0;
  while (running > 0) {
    const auto events = intake::whole_events(segment);
    for (const intake::FlightEvent& event : events) {
      ASSERT_EQ(event.address, event.size * 16);
      ASSERT_EQ(event.tid, static_cast<std::uint32_t>(event.size));
    }
    read += events.size();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(read, 0U);
  EXPECT_EQ(segment.header().flight_next.load(), std::uint64_t{kThreads} * kEvents);
}

}  // namespace
}  // namespace memwatch::preload
