// How long the collector may sleep between two looks at the rings, and how often the pulse tells
// the time: often while records come, rarely while nothing happens, for each look takes time from a
// core that the traced program may want.
//
// What must not happen: that a ring overflows while nobody looks. A ring of 65536 slots holds two
// milliseconds of a thread that does nothing but allocate in exact mode, at 30 ns an event. Where
// the target waits for room (on_full block) it loses nothing by a longer sleep but those few
// milliseconds, once after a quiet second. A sample is thousands of times fewer records; what it
// always records are blocks of megabytes, which take a program longer to touch than a sleep lasts.
// Idle mode writes no records at all.
//
// Pure: no clock of its own. One thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "collector/model/session.h"
#include "shared/segment_layout.h"

namespace memwatch::recording {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::uint64_t kManyRecords = 16384;  // in one look: do not sleep at all
  static constexpr std::uint64_t kSomeRecords = 2048;   // keeps a sample at the pace of exact mode
  static constexpr std::chrono::milliseconds kBusy{1}, kQuiet{2}, kIdle{10}, kLongQuiet{5};
  static constexpr std::chrono::milliseconds kBusyFor{50}, kQuietFor{1000};

  Pace(model::Mode mode, protocol::OnFull on_full, Clock::time_point now)
      : is_exact_(mode == model::Mode::exact),
        may_wait_(on_full == protocol::OnFull::block),
        last_record_(now) {}

  // A look at the rings has found this many records.
  void looked(std::uint64_t records, Clock::time_point now) {
    last_look_ = records;
    if (records >= (is_exact_ ? 1 : kSomeRecords)) last_record_ = now;
  }

  // The longest sleep before the next look.
  [[nodiscard]] std::chrono::milliseconds until_next_look(Clock::time_point now) const {
    if (last_look_ >= kManyRecords) return std::chrono::milliseconds{0};
    const auto quiet_for = now - last_record_;
    if (quiet_for < kBusyFor) return kBusy;
    if (!is_exact_) return kIdle;
    return quiet_for >= kQuietFor && may_wait_ ? kLongQuiet : kQuiet;
  }

  // Between two beats of the pulse: as fine as events are looked for, never finer than a
  // millisecond.
  [[nodiscard]] std::chrono::milliseconds between_beats(Clock::time_point now) const {
    const auto sleep = until_next_look(now);
    return sleep < kBusy ? kBusy : sleep;
  }

 private:
  bool is_exact_;
  bool may_wait_;
  std::uint64_t last_look_ = 0;
  Clock::time_point last_record_;
};

}  // namespace memwatch::recording
