#include "collector/recording/pulse.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>

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

void Pulse::beat(protocol::SegmentHeader& header, std::uint64_t epoch_ms) const {
  // Relaxed: plain news, nothing is published by them.
  header.epoch.store(epoch_ms, std::memory_order_relaxed);
  header.heartbeat_ms.store(monotonic_ms(), std::memory_order_relaxed);
}

void Pulse::add(protocol::SegmentHeader* header) {
  const std::lock_guard lock(mutex_);
  headers_.push_back(header);
  const auto now = std::chrono::steady_clock::now();
  beat(*header, static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(now - start_).count()));
  wake_.notify_all();
}

void Pulse::remove(protocol::SegmentHeader* header) {
  const std::lock_guard lock(mutex_);
  std::erase(headers_, header);
}

void Pulse::intake_is_alive(std::chrono::milliseconds between_beats) {
  const std::lock_guard lock(mutex_);
  intake_seen_ = std::chrono::steady_clock::now();
  // From a slow pulse to a quick one at once: records are coming.
  if (between_beats < between_beats_) wake_.notify_all();
  between_beats_ = between_beats;
}

void Pulse::run() {
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    if (now - intake_seen_ < kMaxIntakeSilence) {
      const auto epoch_ms = static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(now - start_).count());
      for (protocol::SegmentHeader* header : headers_) beat(*header, epoch_ms);
    }
    if (headers_.empty()) {
      wake_.wait(lock);
    } else {
      wake_.wait_for(lock, between_beats_);
    }
  }
}

}  // namespace memwatch::recording
