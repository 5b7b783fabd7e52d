// How long the collector may sleep between two looks at the rings. Each look takes time from a core
// that the traced program may want: not only its own, a timer that fires and a task that is
// switched cost the program some 25 microseconds on a virtual machine (measured: a process that
// does nothing but wake a thousand times a second makes sqlite3 4 % slower, one that wakes a
// hundred times not measurably). So a look comes when there is something to fetch, not by habit.
//
// What must not happen: that a ring overflows while nobody looks. A ring of 65536 slots holds two
// milliseconds of a thread that does nothing but allocate in exact mode, at 30 ns an event. Where
// the target waits for room (on_full block) the sleep is as long as a quarter of a ring lasts at
// the quickest rate of late (the shorter rings of further threads are just full then), and 4 ms at
// most: a thread that suddenly does nothing but allocate waits 2 ms once. Where it does not wait,
// the sleep is short. A sample is thousands of times fewer records; what it always records are
// blocks of megabytes, which take a program longer to touch than a sleep lasts. Idle mode writes no
// records at all.
//
// Pure: no clock of its own. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "collector/model/session.h"
#include "shared/segment_layout.h"

namespace memwatch::recording {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::uint64_t kManyRecords = 16384;  // in one look: do not sleep at all
  static constexpr std::uint64_t kManySamples = 4096;   // theirs take more slots
  static constexpr std::chrono::milliseconds kShort{1}, kLong{4}, kIdle{25};
  static constexpr std::chrono::milliseconds kBusyFor{100};  // the memory for quick rates

  Pace(model::Mode mode, protocol::OnFull on_full, Clock::time_point now)
      : is_exact_(mode == model::Mode::exact),
        may_wait_(on_full == protocol::OnFull::block),
        // The start may be anything; who can wait waits once, if need be.
        rate_(may_wait_ || mode == model::Mode::idle ? 0 : static_cast<double>(kManyRecords)),
        last_look_(now),
        window_(now) {}

  // For a while every event comes (a leak check watches), and nothing may wait for us.
  void watch(bool is_watching) {
    if (is_watching && !is_watching_) rate_ = static_cast<double>(kManyRecords);
    is_watching_ = is_watching;
  }

  // A look at the rings has found this many records.
  void looked(std::uint64_t records, Clock::time_point now) {
    const auto since = std::max<Clock::duration>(now - last_look_, kShort);
    const double rate =
        static_cast<double>(records) / std::chrono::duration<double, std::milli>(since).count();
    last_look_ = now;
    last_records_ = records;
    if (now - window_ >= kBusyFor) {
      earlier_rate_ = now - window_ < 2 * kBusyFor ? rate_ : 0;
      rate_ = 0;
      window_ = now;
    }
    rate_ = std::max(rate_, rate);
  }

  // Nothing has come of late: for a window at least, or for as long as looks are apart.
  [[nodiscard]] bool is_silent() const {
    return last_records_ == 0 && rate_ == 0 && earlier_rate_ == 0;
  }

  // The longest sleep before the next look.
  [[nodiscard]] std::chrono::milliseconds until_next_look() const {
    if (last_records_ >= kManyRecords) return std::chrono::milliseconds{0};
    const double rate = std::max(rate_, earlier_rate_);  // records a millisecond
    const bool is_exact = is_exact_ || is_watching_;
    if (is_exact && !may_wait_) return rate > 0 ? kShort : 2 * kShort;
    const double lasts =
        static_cast<double>(is_exact ? kManyRecords : kManySamples) / std::max(rate, 1.0);
    return std::clamp(std::chrono::milliseconds(static_cast<std::int64_t>(lasts)), kShort,
                      is_exact ? kLong : kIdle);
  }

 private:
  bool is_exact_;
  bool is_watching_ = false;
  bool may_wait_;
  std::uint64_t last_records_ = 0;
  double rate_;              // of this window
  double earlier_rate_ = 0;  // of the window before
  Clock::time_point last_look_;
  Clock::time_point window_;
};

}  // namespace memwatch::recording
