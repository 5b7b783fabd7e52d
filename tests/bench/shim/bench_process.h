// A process under trace, for benchmarks: the shim's recorder in this process on a segment of full
// size, and a thread that plays the collector. It beats, advances the epoch and gives ring space
// back without looking at a record, so what is measured is the writing side alone.
//
// One at a time. Made and destroyed by the main thread while no other thread records.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "collector/intake/segment.h"
#include "shared/segment_layout.h"
#include "tests/unit/preload/shim_in_process.h"

namespace memwatch::bench {

enum class Reading : std::uint8_t {
  keeps_up,
  not_at_all,  // rings fill up, and further events are dropped
};

class BenchProcess {
 public:
  // `sample_interval`: mean bytes between samples, where they are sampled.
  BenchProcess(protocol::Control control, Reading reading,
               std::uint64_t sample_interval = 512U << 10);
  ~BenchProcess();
  BenchProcess(const BenchProcess&) = delete;
  BenchProcess& operator=(const BenchProcess&) = delete;

  // Events that the rings had no room for, of all threads.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  void play_collector(const std::stop_token& stop) const;
  [[nodiscard]] protocol::ThreadSlot* slots() const;

  intake::Segment segment_;
  preload_testing::ShimInProcess shim_;
  Reading reading_;
  std::jthread collector_;
};

}  // namespace memwatch::bench
