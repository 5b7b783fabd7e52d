#include "tests/bench/shim/bench_process.h"

#include <chrono>

#include "tests/unit/intake/segment_builder.h"

namespace memwatch::bench {

using namespace protocol;

namespace {

// A real collector looks about every millisecond, or at once while there is much to do. The longest
// rings take longer than this to fill, so a writer never waits.
constexpr auto kLookEvery = std::chrono::microseconds(200);

intake::Segment make_segment(Control control, Reading reading, std::uint64_t sample_interval) {
  intake::Segment segment = intake_testing::SegmentBuilder(ordinary_geometry()).take();
  const OnFull on_full = reading == Reading::keeps_up ? OnFull::block : OnFull::drop;
  segment.header().on_full.store(static_cast<std::uint32_t>(on_full));
  segment.header().control.store(static_cast<std::uint32_t>(control));
  segment.header().large_bytes.store(1ULL << 30);
  segment.header().sample_interval.store(sample_interval);
  return segment;
}

}  // namespace

BenchProcess::BenchProcess(Control control, Reading reading, std::uint64_t sample_interval)
    : segment_(make_segment(control, reading, sample_interval)),
      shim_(segment_),
      reading_(reading),
      collector_([this](const std::stop_token& stop) { play_collector(stop); }) {}

BenchProcess::~BenchProcess() {
  collector_.request_stop();
  collector_.join();
}

ThreadSlot* BenchProcess::slots() const {
  return segment_.at<ThreadSlot>(segment_.geometry().slots_offset);
}

std::uint64_t BenchProcess::dropped() const {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < segment_.header().slots_used.load(); ++i) {
    sum += slots()[i].dropped_allocations.load() + slots()[i].dropped_frees.load();
  }
  return sum;
}

void BenchProcess::play_collector(const std::stop_token& stop) const {
  SegmentHeader& header = segment_.header();
  const auto started = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    const auto elapsed = std::chrono::steady_clock::now() - started;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    header.heartbeat_ms.store(static_cast<std::uint64_t>(ms) + 1);
    header.epoch.store(static_cast<std::uint64_t>(ms));
    // Acquire and release as collector/intake/tracked_process does when it has read the records.
    const std::uint32_t used = header.slots_used.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; reading_ == Reading::keeps_up && i < used; ++i) {
      slots()[i].consumed.store(slots()[i].published.load(std::memory_order_acquire),
                                std::memory_order_release);
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace memwatch::bench
