#include "collector/history/lived_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace memwatch::history {

namespace {

constexpr std::int64_t kJumpMs = std::chrono::milliseconds(LivedTime::kJump).count();
constexpr std::int64_t kDoubtMs = std::chrono::milliseconds(LivedTime::kDoubt).count();
constexpr std::int64_t kToldGapMs = std::chrono::milliseconds(LivedTime::kToldGap).count();

std::string duration_text(std::int64_t ms) {
  const std::int64_t minutes = ms / 60'000;
  if (minutes >= 2 * 24 * 60) return fmt::format("{} days", minutes / (24 * 60));
  if (minutes >= 2 * 60) return fmt::format("{} hours", minutes / 60);
  return fmt::format("{} minutes", minutes);
}

}  // namespace

std::string LivedTime::look(const Moment& now) {
  const std::optional<Moment> before = std::exchange(last_, now);
  std::string news = before ? compare(*before, now) : std::string();
  // Only now: a jump is no hour that was lived.
  const std::int64_t lived_until = back(now.wall_ms, kDoubtMs);
  std::erase_if(gaps_,
                [&](const Gap& gap) { return gap.is_doubtful && gap.until_ms <= lived_until; });
  return news;
}

std::string LivedTime::compare(const Moment& before, const Moment& now) {
  const bool is_known = before.boot == now.boot && before.running_ms <= now.running_ms;
  const std::int64_t expected_ms =
      before.wall_ms + (is_known ? now.running_ms - before.running_ms : 0);
  const std::int64_t jump_ms = now.wall_ms - expected_ms;
  if (jump_ms <= -kJumpMs) {
    step_back(now.wall_ms);
    const std::string much = duration_text(-jump_ms);
    return is_known
               ? "the clock was set back by " + much + "; nothing in the history is lost by that"
               : "the clock is " + much +
                     " behind the history's latest; nothing in it is lost by that";
  }
  if (jump_ms < kJumpMs) return {};
  add({expected_ms, now.wall_ms, !is_known});
  if (is_known) {
    return fmt::format("the clock was set ahead by {}; nothing in the history ages by that",
                       duration_text(jump_ms));
  }
  if (jump_ms < kToldGapMs) return {};
  return fmt::format(
      "by the clock nothing was recorded for {}; what is too old by that is deleted from the "
      "history "
      "in an hour, if the clock is not set back until then",
      duration_text(jump_ms));
}

void LivedTime::add(Gap gap) {
  gaps_.push_back(gap);
  if (gaps_.size() > kMostGaps) gaps_.erase(gaps_.begin());
}

// What was a gap up to the future is one up to the present.
void LivedTime::step_back(std::int64_t now_ms) {
  for (Gap& gap : gaps_) gap.until_ms = std::min(gap.until_ms, now_ms);
  std::erase_if(gaps_, [](const Gap& gap) { return gap.until_ms - gap.from_ms < kJumpMs; });
}

std::int64_t LivedTime::back(std::int64_t now_ms, std::int64_t lived_ms) const {
  for (auto gap = gaps_.rbegin(); gap != gaps_.rend(); ++gap) {
    const std::int64_t since_ms = std::max<std::int64_t>(now_ms - gap->until_ms, 0);
    if (lived_ms < since_ms) break;
    lived_ms -= since_ms;
    now_ms = std::min(now_ms, gap->from_ms);
  }
  return now_ms - lived_ms;
}

std::int64_t LivedTime::between(std::int64_t from_ms, std::int64_t until_ms) const {
  std::int64_t lived_ms = until_ms - from_ms;
  for (const Gap& gap : gaps_) {
    lived_ms -= std::max<std::int64_t>(
        std::min(gap.until_ms, until_ms) - std::max(gap.from_ms, from_ms), 0);
  }
  return lived_ms;
}

void LivedTime::forget(std::int64_t now_ms, std::int64_t longest_ms) {
  const std::int64_t oldest_ms = back(now_ms, longest_ms);
  std::erase_if(gaps_, [&](const Gap& gap) { return gap.until_ms <= oldest_ms; });
}

}  // namespace memwatch::history
