// The collector's heartbeat: it tells every traced process the time and that the collector lives.
// The time is what events are dated by (the target reads no clock), the heartbeat is what a target
// with a full ring waits by.
//
// The intake beats itself, at each of its looks at the rings. A thread of the pulse's own beats in
// its place while it is at something longer; otherwise it sleeps, for each time a thread wakes
// takes a few microseconds from a core that the traced program may want.
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
  // The thread looks this often whether the intake is late; it beats at this distance if so.
  static constexpr std::chrono::milliseconds kStandIn{40};

  // `start`: the session's start, from which epochs count where add() says no other.
  explicit Pulse(std::chrono::steady_clock::time_point start);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  // The header must stay mapped until it is removed. Its session may have a start of its own. Any
  // thread.
  void add(protocol::SegmentHeader* header) { add(header, start_); }
  void add(protocol::SegmentHeader* header, std::chrono::steady_clock::time_point start);
  void remove(protocol::SegmentHeader* header);

  // Beats, and says that the intake is at work and will be back within `until_next`. Any thread.
  void intake_beats(std::chrono::milliseconds until_next);

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void beat_all(Clock::time_point now) const;
  struct Listener {
    protocol::SegmentHeader* header;
    Clock::time_point start;
  };
  static void beat(const Listener& listener, Clock::time_point now);

  Clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Listener> listeners_;          // guarded by mutex_
  Clock::time_point intake_seen_;            // guarded by mutex_
  std::chrono::milliseconds until_next_{1};  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::thread thread_;
};

}  // namespace memwatch::recording
