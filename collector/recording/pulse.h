// The collector's heartbeat: a thread that tells every traced process, each millisecond while there
// is something to date, the time and that the collector lives. The time is what events are dated by
// (the target reads no clock), the heartbeat is what a target with a full ring waits by.
//
// The pulse stops when the intake has not been seen working for kMaxIntakeSilence: then a target
// must not go on waiting, for nobody is emptying its ring.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "shared/segment_layout.h"

namespace memwatch::recording {

class Pulse {
 public:
  static constexpr std::chrono::seconds kMaxIntakeSilence{10};

  // `start`: the session's start, from which epochs count.
  explicit Pulse(std::chrono::steady_clock::time_point start);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  // The header must stay mapped until it is removed. Any thread.
  void add(protocol::SegmentHeader* header);
  void remove(protocol::SegmentHeader* header);

  // The intake is at work, and wants beats this far apart. Any thread.
  void intake_is_alive(std::chrono::milliseconds between_beats);

 private:
  void run();
  void beat(protocol::SegmentHeader& header, std::uint64_t epoch_ms) const;

  std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<protocol::SegmentHeader*> headers_;      // guarded by mutex_
  std::chrono::steady_clock::time_point intake_seen_;  // guarded by mutex_
  std::chrono::milliseconds between_beats_{1};         // guarded by mutex_
  bool stopping_ = false;                              // guarded by mutex_
  std::thread thread_;
};

}  // namespace memwatch::recording
