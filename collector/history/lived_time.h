// How old is what the history has? Rows are dated by the wall clock, which is set, jumps, and may
// be wrong when a machine starts. Lived time is what has really passed: gaps in the wall clock's
// time that nobody lived through do not count, so that a clock set ahead ages nothing.
//
//        rows                                     rows        now, 10 days ahead
//   -----xxxxxxx|  gap: 10 days, not lived       |xxx.........|
//                                                 2 h
//   back(now, 3 h) is an hour before the gap, not inside it.
//
// Within one start of the machine its own clock tells how long a gap was. Across starts nobody
// knows: the machine was off, or its clock is wrong. Such a gap is doubtful, and counts (as off)
// once an hour has been lived after it without the clock being set back. A clock set back makes
// rows of the future; they stay until the clock has caught up with them, and with their age.
//
// Pure computation, not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace memwatch::history {

class LivedTime {
 public:
  // Less is no jump: clocks are corrected by so much, and nothing is kept for less than ten times
  // as long.
  static constexpr std::chrono::minutes kJump{5};
  static constexpr std::chrono::hours kDoubt{1};
  static constexpr std::chrono::hours kToldGap{24};  // nights of a laptop are not told
  static constexpr std::size_t kMostGaps = 100;

  // The clocks at one time. `running_ms`: since the machine was started, asleep or not.
  struct Moment {
    std::string boot;
    std::int64_t wall_ms = 0, running_ms = 0;
  };
  struct Gap {
    std::int64_t from_ms = 0, until_ms = 0;
    bool is_doubtful = false;
    bool operator==(const Gap&) const = default;
  };

  LivedTime() = default;
  // As it was kept.
  LivedTime(std::optional<Moment> last, std::vector<Gap> gaps)
      : last_(std::move(last)), gaps_(std::move(gaps)) {}

  // Compares with the time before. Answers with a sentence where the clock has jumped.
  [[nodiscard]] std::string look(const Moment& now);

  // The time on the wall so much lived time before `now_ms`.
  [[nodiscard]] std::int64_t back(std::int64_t now_ms, std::int64_t lived_ms) const;
  [[nodiscard]] std::int64_t between(std::int64_t from_ms, std::int64_t until_ms) const;

  // Gaps that are older than all that is kept.
  void forget(std::int64_t now_ms, std::int64_t longest_ms);

  [[nodiscard]] const std::optional<Moment>& last() const { return last_; }
  [[nodiscard]] const std::vector<Gap>& gaps() const { return gaps_; }

 private:
  [[nodiscard]] std::string compare(const Moment& before, const Moment& now);
  void add(Gap gap);
  void step_back(std::int64_t now_ms);

  std::optional<Moment> last_;
  std::vector<Gap> gaps_;  // oldest first
};

}  // namespace memwatch::history
