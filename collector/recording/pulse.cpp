#include "collector/recording/pulse.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

namespace memwatch::recording {

namespace {

std::uint64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

}  // namespace

Pulse::Pulse(std::chrono::steady_clock::time_point start)
    : start_(start), intake_seen_(std::chrono::steady_clock::now()), thread_([this] { run(); }) {}

Pulse::~Pulse() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Pulse::beat(const Listener& listener, Clock::time_point now) {
  protocol::SegmentHeader& header = *listener.header;
  // Relaxed: plain news, nothing is published by them.
  header.epoch.store(
      static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(now - listener.start).count()),
      std::memory_order_relaxed);
  header.heartbeat_ms.store(monotonic_ms(), std::memory_order_relaxed);
}

void Pulse::beat_all(Clock::time_point now) const {
  for (const Listener& listener : listeners_) beat(listener, now);
}

void Pulse::add(protocol::SegmentHeader* header, Clock::time_point start) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back({header, start});
  beat(listeners_.back(), Clock::now());
  wake_.notify_all();
}

void Pulse::remove(protocol::SegmentHeader* header) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [&](const Listener& listener) { return listener.header == header; });
}

void Pulse::intake_beats(std::chrono::milliseconds until_next) {
  const std::lock_guard lock(mutex_);
  // Read under the lock, so that the two who beat never set a clock back.
  intake_seen_ = Clock::now();
  until_next_ = until_next;
  beat_all(intake_seen_);
}

void Pulse::run() {
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (listeners_.empty()) {
      wake_.wait(lock);
      continue;
    }
    wake_.wait_for(lock, kStandIn + until_next_);
    const auto now = Clock::now();
    const auto silence = now - intake_seen_;
    if (silence > until_next_ && silence < kMaxIntakeSilence) beat_all(now);
  }
}

}  // namespace memwatch::recording
